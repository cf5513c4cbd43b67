import type { Values } from "../../../workload.ts";
import { moduleFolder } from "../modules.ts";

const importing = /^(?:from|import) airflow_on_celery(?:\.(\w+)| import ([\w, ]+))/gm;

function fileOf(module: string): string {
  return `${moduleFolder}/${module.replace(/^airflow_on_celery\./, "")}.py`;
}

/** Lists the stack's modules that a module imports, by their full names. */
function importsOf(source: string): string[] {
  return [...source.matchAll(importing)].flatMap(([, module, several]) =>
    (module ?? several ?? "").split(",").map((name) => `airflow_on_celery.${name.trim()}`),
  );
}

/** Maps the names of modules, and of the stack's modules that they import, to their sources; leaves out those that are no files. */
export function sourcesOf(files: Values, modules: readonly string[]): Readonly<Record<string, string>> {
  const found = new Map<string, string>();
  const add = (module: string) => {
    const source = files[fileOf(module)];
    if (typeof source !== "string" || found.has(module)) return;
    found.set(module, source);
    importsOf(source).forEach(add);
  };
  modules.forEach(add);
  return Object.fromEntries(found);
}

/** Leaves out the files of modules whose sources are elsewhere. */
export function withoutSources(files: Values, sources: Readonly<Record<string, string>>): Values {
  const paths = new Set(Object.keys(sources).map(fileOf));
  return Object.fromEntries(Object.entries(files).filter(([path]) => !paths.has(path)));
}
