import { readFileSync } from "node:fs";
import { localSettingsFile } from "../../../settings/model/names/ownNames.ts";
import type { Values } from "../../../workload.ts";
import { sourcesOf, withoutSources } from "./sources.ts";

function read(name: string): string {
  return readFileSync(new URL(name, import.meta.url), "utf8");
}

const users = read("users.py");
const packed = read("packed.py");

/**
 * Adds `airflow_local_settings.py` to the files of a role. Airflow's processes import it at their start: the stack's modules, which it
 * holds with all that they import, then all that the user's file of this name defines.
 * @param modules modules to import
 * @param later modules that Airflow imports itself
 */
export function localSettings(
  files: Values = {},
  modules: readonly string[] = [],
  later: readonly string[] = [],
): Values {
  const sources = sourcesOf(files, [...modules, ...later]);
  const held = packed.replace("SOURCES = {}", () => `SOURCES = ${JSON.stringify(sources, null, 1)}`);
  const imports = modules.map((name) => `import ${name}  # noqa: F401\n`);
  const text = [...(modules.length > 0 ? [held] : []), ...imports, users].join("");
  return { ...withoutSources(files, sources), [localSettingsFile]: text };
}
