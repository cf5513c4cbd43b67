import { keptLog, serverSettings } from "../../model/servers.ts";
import { type Lines, spellLine } from "../../schema/services.ts";
import type { Fault } from "../fault.ts";
import { rule } from "../rule.ts";
import { mebibytes } from "./postgresValues.ts";

/** Processes that send log: one for the receiver, two for a base, and one for its successor while the first ends. */
const senders = 4;

/** Explains why a setting keeps the backup from receiving the log; undefined if it does not. */
function problem(name: string, value: Lines[string]): string | undefined {
  const text = spellLine("postgres", value);
  switch (name) {
    case "wal_level":
      return text.toLowerCase() === "minimal"
        ? "nothing can receive such a log: expected replica"
        : undefined;
    case "max_wal_senders":
      return Number(text) < senders ? `expected at least ${senders}` : undefined;
    case "wal_keep_size": {
      const accepted = serverSettings("postgres").accepted.get(name);
      const size = accepted && mebibytes(accepted, text);
      return size !== undefined && size < keptLog ? `expected at least ${keptLog}MB` : undefined;
    }
    default:
      return undefined;
  }
}

/** Rejects restorations as of any moment where the log of the database cannot be had. */
export const continuousRule = rule(
  ["backup.continuous", "postgres.settings.*"],
  ({ backup, postgres: { settings } }, isGiven): Fault[] => {
    if (!backup?.continuous) return [];
    if (isGiven("postgres.url")) {
      const message = "the log of an external server is its owner's: expected false, or no postgres.url";
      return [{ path: ["backup", "continuous"], message }];
    }
    return Object.entries(settings).flatMap(([key, value]) => {
      const message = problem(key.toLowerCase(), value);
      if (message === undefined) return [];
      const path = ["postgres", "settings", key];
      return [{ path, message: `backup.continuous needs the log: ${message}`, given: String(value) }];
    });
  },
);
