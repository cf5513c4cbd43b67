import { rule } from "../rule.ts";
import { twiceFaults } from "../twice.ts";

/** Rejects a setting of a server that is given twice, in upper and lower case. */
export const twiceRules = (["postgres", "redis"] as const).map((server) =>
  rule([`${server}.settings.*`], ({ [server]: { settings } }) => {
    const paths = Object.keys(settings).map((key) => [server, "settings", key]);
    return twiceFaults(paths, "the server");
  }),
);
