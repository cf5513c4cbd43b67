import { readFileSync } from "node:fs";
import { localSettingsFile } from "../../../settings/model/names/ownNames.ts";
import type { Values } from "../../../workload.ts";

const users = readFileSync(new URL("users.py", import.meta.url), "utf8");

/**
 * Renders `airflow_local_settings.py`, which Airflow's processes import at their start: the stack's modules, then all
 * that the user's file of this name defines.
 */
export function localSettings(modules: readonly string[] = []): Values {
  const imports = modules.map((name) => `import ${name}  # noqa: F401\n`);
  return { [localSettingsFile]: [...imports, users].join("") };
}
