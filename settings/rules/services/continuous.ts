import type { Fault } from "../fault.ts";
import { rule } from "../rule.ts";

/** Values of Postgres' settings with which nothing can receive its log. */
const without = { wal_level: "minimal", max_wal_senders: "0" } as const;

/** Rejects restorations as of any moment where the log of the database cannot be had. */
export const continuousRule = rule(
  ["backup.continuous", "postgres.settings.*"],
  ({ backup, postgres: { settings } }, isGiven): Fault[] => {
    if (!backup?.continuous) return [];
    if (isGiven("postgres.url")) {
      const message =
        "the log of an external server is its owner's: expected no continuous, or no postgres.url";
      return [{ path: ["backup", "continuous"], message }];
    }
    return Object.entries(without)
      .filter(([key, value]) => String(settings[key] ?? "") === value)
      .map(([key, value]) => ({
        path: ["postgres", "settings", key],
        message: `with ${value} nothing can receive the log that backup.continuous keeps: expected no such setting`,
        given: value,
      }));
  },
);
