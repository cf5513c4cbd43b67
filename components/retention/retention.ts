import type { Settings } from "../../settings/model/groups.ts";
import { cleansRecords } from "../../settings/schema/services.ts";
import type { Values } from "../../workload.ts";
import { moduleFolder, modules } from "../roles/modules.ts";

/** Programs that remove what is old; `start.py` runs the first of them beside a role. */
export interface RetentionFiles {
  /** Files of a role whose logs it removes. */
  readonly logs: Values;
  /** Files of a scheduler, which removes records, too. */
  readonly records: Values;
}

/** Returns no files for what a stack keeps forever. */
export function retentionFiles({ retention }: Pick<Settings, "retention">): RetentionFiles {
  const { logs, metadata, results } = retention;
  const program = {
    ...modules(import.meta.url, "retention.py"),
    [`${moduleFolder}/retention.json`]: JSON.stringify({ logs, metadata, results }),
  };
  const records = cleansRecords(retention);
  return {
    logs: logs === null ? {} : program,
    records: {
      ...((logs !== null || records) && program),
      ...(records && modules(import.meta.url, "records.py", "orphans.py")),
    },
  };
}
