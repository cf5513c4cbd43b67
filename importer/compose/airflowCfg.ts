import { posix } from "node:path";
import { type Entry, entryAt } from "../plan.ts";
import { empty, unsupported } from "../rule.ts";
import { checkExecutor, convertFileSetting, type ImportContext } from "../settings.ts";
import { type Leaf, plainAt } from "../source.ts";
import { targetOf, volumeSource } from "./container.ts";
import type { ComposeFacts } from "./context.ts";
import { definedFile, parseMount } from "./rules/secretFiles.ts";

/** Maximum number of settings in a file that a person wrote; a longer file is a copy of all defaults. */
const maxSettings = 80;

interface Line {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** Lists the settings of an airflow.cfg, without comments; an indented line continues the line before it. */
function parseConfig(text: string): Line[] {
  const settings: Line[] = [];
  let section = "";
  for (const [at, raw] of text.split(/\r?\n/).entries()) {
    const [, name] = /^\[([^\]]+)\]\s*$/.exec(raw) ?? [];
    if (name !== undefined) section = name.toLowerCase();
    else if (/^\s*([#;]|$)/.test(raw)) continue;
    else if (/^\s/.test(raw) && settings.length > 0) {
      const last = settings.pop();
      if (last) settings.push({ ...last, value: `${last.value}\n${raw.trim()}`.trim() });
    } else {
      const [, key = "", value = ""] = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(raw) ?? [];
      if (key !== "") settings.push({ section, key: key.toLowerCase(), value: value.trim(), line: at + 1 });
    }
  }
  return settings;
}

/** Lists the paths, on this machine, of the airflow.cfg files that services mount. */
function mountedFiles(facts: ComposeFacts): string[] {
  const { services, tree: compose, home, look } = facts;
  const trees = services.filter(({ kind }) => kind === "airflow").map(({ tree }) => tree);
  const isConfig = (target: string) =>
    target === posix.join(home, "airflow.cfg") || target === posix.join(home, "config/airflow.cfg");
  const listsAt = (key: string) => trees.flatMap((tree) => [plainAt(tree, [key]) ?? []].flat());
  const paths = [
    ...listsAt("volumes").flatMap((volume) => {
      const target = targetOf(volume);
      const source = volumeSource(volume, compose);
      if (!source || !/^[./~]/.test(source)) return [];
      if (isConfig(target)) return [source];
      if (target === home || target === posix.join(home, "config"))
        return [posix.join(source, "airflow.cfg")];
      return [];
    }),
    ...listsAt("configs").flatMap((config) => {
      const { source, target } = parseMount(config);
      return isConfig(posix.resolve("/", target)) ? (definedFile("configs", source, facts) ?? []) : [];
    }),
  ];
  return [...new Set(paths)].filter((path) => look(path).kind === "file");
}

/** Imports the settings of each airflow.cfg that services mount. */
export function readConfigEntries(facts: ComposeFacts, context: ImportContext): Entry[] {
  return mountedFiles(facts).flatMap((path): Entry[] => {
    const lines = parseConfig(facts.read(path) ?? "");
    const file = posix.normalize(path);
    if (lines.length > maxSettings) {
      const leaf: Leaf = { file, line: 1, path: ["airflow.cfg"] };
      const reason =
        "a copy of all settings: give those in settings that you changed (airflow config list --non-default)";
      return [entryAt(leaf, unsupported(reason))];
    }
    return lines.map(({ section, key, value, line }): Entry => {
      const leaf: Leaf = { file, line, path: [section, key] };
      if (section === "core" && key === "executor")
        return entryAt(leaf, checkExecutor(value, `${file}:${line}`), value);
      return entryAt(leaf, value === "" ? empty : convertFileSetting(section, key, value, context), value);
    });
  });
}
