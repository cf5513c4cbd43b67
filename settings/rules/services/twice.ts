import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Rejects a setting that is given twice, spelt with upper and lower case, which are the same to a server. */
export const twiceRules = (["postgres", "redis"] as const).map((server) =>
  rule([`${server}.settings.*`], ({ [server]: { settings } }) => {
    const keys = Object.keys(settings);
    return keys.flatMap((key, at) => {
      const other = keys.slice(0, at).find((one) => one.toLowerCase() === key.toLowerCase());
      return faultAt(
        [server, "settings", key],
        other && `the server reads it as ${server}.settings.${other}: expected only one of them`,
      );
    });
  }),
);
