import { readFileSync } from "node:fs";
import type { Settings } from "../../settings/model/groups.ts";
import { cleansRecords } from "../../settings/schema/services.ts";
import type { Values } from "../../workload.ts";
import { moduleFolder, modules } from "../roles/modules.ts";

/** Programs that remove old logs and records; `start.py` runs `retention.py` beside a role. */
export interface RetentionFiles {
  /** Files of a role beside which old logs are removed. */
  readonly logs: Values;
  /** Files of a scheduler, beside which old records are removed, too. */
  readonly records: Values;
}

/** Collects the retention programs of a stack. Logs of DAG processing are removed even if the stack keeps all others. */
export function retentionFiles({ retention }: Pick<Settings, "retention">): RetentionFiles {
  const ages = Object.fromEntries(Object.entries(retention).filter(([, days]) => days !== null));
  const programText = readFileSync(new URL("retention.py", import.meta.url), "utf8");
  const program = {
    [`${moduleFolder}/retention.py`]: programText.replace("AGES = {}", `AGES = ${JSON.stringify(ages)}`),
  };
  return {
    logs: program,
    records: {
      ...program,
      ...(cleansRecords(retention) && modules(import.meta.url, "records.py", "orphans.py", "unfinished.py")),
    },
  };
}
