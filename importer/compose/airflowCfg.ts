import { posix } from "node:path";
import type { Entry } from "../plan.ts";
import { empty, unsupported } from "../rule.ts";
import { checkedExecutor, type ImportContext, setting } from "../settings.ts";
import type { Leaf } from "../source.ts";
import { targetOf } from "./container.ts";
import type { ComposeFacts } from "./context.ts";
import { plainAt } from "./lookup.ts";

/** Maximum number of settings in a file that a person wrote; a longer file is a copy of all defaults. */
const most = 80;

interface Line {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** Lists the settings of an airflow.cfg, without comments; an indented line continues the line before it. */
function linesOf(text: string): Line[] {
  const found: Line[] = [];
  let section = "";
  for (const [at, raw] of text.split(/\r?\n/).entries()) {
    const [, name] = /^\[([^\]]+)\]\s*$/.exec(raw) ?? [];
    if (name !== undefined) section = name.toLowerCase();
    else if (/^\s*([#;]|$)/.test(raw)) continue;
    else if (/^\s/.test(raw) && found.length > 0) {
      const last = found.pop();
      if (last) found.push({ ...last, value: `${last.value}\n${raw.trim()}`.trim() });
    } else {
      const [, key = "", value = ""] = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(raw) ?? [];
      if (key !== "") found.push({ section, key: key.toLowerCase(), value: value.trim(), line: at + 1 });
    }
  }
  return found;
}

/** Lists the paths, on this machine, of the airflow.cfg files that services mount. */
function mountedFiles({ services, home, look }: ComposeFacts): string[] {
  const found = services.flatMap(({ kind, tree }) =>
    (kind === "airflow" ? [plainAt(tree, ["volumes"])].flat() : []).flatMap((volume) => {
      const target = targetOf(volume);
      const source =
        typeof volume === "object" ? String(Object(volume).source ?? "") : String(volume ?? "").split(":")[0];
      if (!source || !/^[./~]/.test(source)) return [];
      if (target === posix.join(home, "airflow.cfg") || target === posix.join(home, "config/airflow.cfg"))
        return [source];
      if (target === home || target === posix.join(home, "config"))
        return [posix.join(source, "airflow.cfg")];
      return [];
    }),
  );
  return [...new Set(found)].filter((path) => look(path).kind === "file");
}

/** Imports the settings of each airflow.cfg that services mount. */
export function configEntries(facts: ComposeFacts, around: ImportContext): Entry[] {
  return mountedFiles(facts).flatMap((path): Entry[] => {
    const lines = linesOf(facts.read(path) ?? "");
    const file = posix.normalize(path);
    if (lines.length > most) {
      const leaf: Leaf = { file, line: 1, path: ["airflow.cfg"] };
      const why =
        "a copy of all settings: give those in settings that you changed (airflow config list --non-default)";
      return [
        { item: { path: leaf.path, value: null, leaves: [leaf], match: [] }, outcome: unsupported(why) },
      ];
    }
    return lines.map(({ section, key, value, line }): Entry => {
      const leaf: Leaf = { file, line, path: [section, key] };
      const item = { path: leaf.path, value, leaves: [leaf], match: [] };
      if (section === "core" && key === "executor")
        return { item, outcome: checkedExecutor(value, `${file}:${line}`) };
      return { item, outcome: value === "" ? empty : setting(section, key, value, around) };
    });
  });
}
