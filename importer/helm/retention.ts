import { conversionRule, handled, type ImportRule, taken } from "../rule.ts";
import { off, onlyIf, type ValueLookup, whenOn } from "./values.ts";

type Kind = "logs" | "metadata";

/** Takes over an age in days at which the stack removes something. */
function age(kind: Kind) {
  const convert = (days: unknown) => (/^\d+$/.test(String(days)) ? `${days}d` : undefined);
  return conversionRule(["retention", kind], convert, "a number of days");
}

/** Keeps for ever what the chart does not remove either. */
function removal(kind: Kind, why: string) {
  return whenOn(handled(why), taken(["retention", kind], "never"));
}

const logs = "the stack removes old logs itself";
const records = "the stack removes old records itself";

/** Rules about the removal of what is old. */
export const retentionRules: readonly ImportRule<ValueLookup>[] = [
  ["**.logGroomerSidecar.enabled", removal("logs", logs)],
  ["**.logGroomerSidecar.retentionDays", age("logs")],
  ["**.logGroomerSidecar.**", handled(logs)],
  ["databaseCleanup.enabled", removal("metadata", records)],
  [
    "databaseCleanup.retentionDays",
    (item, values) => (values("databaseCleanup.enabled") === true ? age("metadata")(item) : off),
  ],
  [
    "databaseCleanup.tables.*",
    onlyIf("databaseCleanup.enabled", "old records of all tables are removed: see retention.metadata"),
  ],
  ["databaseCleanup.**", handled(records)],
];
