import { posix } from "node:path";
import { type Composition, importCompose, isCompose } from "./compose/compose.ts";
import type { FolderLookup } from "./compose/context.ts";
import { readDefinitions } from "./compose/read/envFile.ts";
import { ComposeFiles } from "./compose/read/files.ts";
import { interpolate, type Variables } from "./compose/read/interpolate.ts";
import { variableFile, withVariables } from "./compose/read/variables.ts";
import { importChart } from "./helm/chart.ts";
import { chartOf } from "./helm/recognize.ts";
import type { Plan } from "./plan.ts";
import { at, readSource, type Translated } from "./source.ts";

export interface TextFile {
  /** Name for messages. */
  readonly file: string;
  readonly text: string;
}

export interface Input extends TextFile {
  /** The `.env` file of a compose file. */
  readonly env?: TextFile | undefined;
  /** Further compose files, which win over those before them. */
  readonly overrides?: readonly TextFile[];
  /** Variables of the environment, which win over those of `.env`. */
  readonly shell?: Variables;
  readonly look: FolderLookup;
  /** Returns the text of a file, by its path relative to the compose file's folder; undefined if there is none. */
  readonly read?: (path: string) => string | undefined;
  /** Lists the names in a folder. */
  readonly list?: (path: string) => readonly string[];
}

/** Reads compose files with their variables, their includes and the services that theirs extend. */
function readComposition(input: Input): Composition {
  const { file, text, env, look, overrides = [], shell = new Map() } = input;
  const { read = () => undefined, list = () => [] } = input;
  const envFile = env && variableFile(posix.normalize(env.file), readDefinitions(env.file, env.text, shell));
  const lines = envFile?.lines.map(({ definition }) => definition) ?? [];
  const set = lines.filter(({ unset }) => unset === undefined);
  const variables = new Map([...set.map(({ name, value }) => [name, value] as const), ...shell]);
  const used = new Set<string>();
  const translate = (plain: string): Translated => {
    const unset: string[] = [];
    const value = interpolate(
      plain,
      variables,
      (name) => used.add(name),
      (name) => unset.push(name),
    );
    return unset.length > 0 ? { value, unset } : { value };
  };
  const loaded = new ComposeFiles(file, { read, translate }).load([{ file, text }, ...overrides]);
  const known = envFile ? [envFile] : [];
  const filled = withVariables(loaded.tree, {
    variables,
    read,
    main: file,
    known,
    onUse: (name) => used.add(name),
  });
  return {
    tree: filled.tree,
    leaves: loaded.leaves,
    entries: [...loaded.entries, ...filled.entries],
    env: envFile,
    used,
    files: filled.files,
    look,
    read,
    list,
  };
}

/**
 * Plans the import of compose files or of values of the Helm chart.
 * @throws Error if the input is not YAML, is neither of these, or names another executor than Celery's
 */
export function planOf(input: Input): Plan {
  const { file, text } = input;
  const source = readSource(file, text);
  const { tree } = source;
  if (at(tree, ["services"])?.kind === "map" || at(tree, ["include"])) {
    const compose = readComposition(input);
    if (isCompose(compose)) return importCompose(compose);
  }
  const chart = chartOf(tree);
  if (chart.kind === "official") return importChart(source, chart.path);
  const hint =
    chart.kind === "other" ? ` It has the keys of ${chart.name}, which names its values differently.` : "";
  throw new Error(
    `${file} looks like neither a docker-compose file of Airflow (services, one of which has Airflow's image or AIRFLOW__… ` +
      `variables) nor values of its Helm chart (executor, workers, config, …).${hint} Give one of these.`,
  );
}
