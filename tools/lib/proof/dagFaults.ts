import { dagsFolder } from "../../../settings/model/names/ownNames.ts";
/** An import error, as Airflow's API tells. */
export interface ImportError {
  readonly filename: string;
  readonly stack_trace: string;
}

/** A DAG, as Airflow's API tells. */
export interface Dag {
  readonly dag_id: string;
  readonly fileloc: string;
  readonly last_parsed_time: string | null;
}

/** The folder of DAG files as the role sees it that reads them. */
export interface Folder {
  /** Files and folders that the role may not read. */
  readonly unreadable: readonly string[];
  /** Files in which Airflow looks for DAGs, with the time of their last change in seconds. */
  readonly files: Readonly<Record<string, number>>;
}

/** Contents of a DAG file, read on the spot. */
export interface Content {
  readonly ids: readonly string[];
  readonly error: string | null;
}

export interface DagFacts {
  readonly dags: readonly Dag[];
  readonly errors: readonly ImportError[];
  readonly folder: Folder;
}

/** Path of a DAG file below the folder of DAGs. */
function below(file: string): string {
  return file.startsWith(`${dagsFolder}/`) ? file.slice(dagsFolder.length + 1) : file;
}

/**
 * Lists the files about which Airflow's database says nothing, or nothing since they changed: the file is new, defines
 * no DAG, has an error, or its DAGs have the ids of another file's.
 */
export function unlistedFiles({ dags, folder }: Pick<DagFacts, "dags" | "folder">): readonly string[] {
  const read = new Map(
    dags.map(({ fileloc, last_parsed_time: at }) => [
      below(fileloc),
      at === null ? 0 : Date.parse(at) / 1000,
    ]),
  );
  return Object.entries(folder.files)
    .filter(([file, changed]) => (read.get(file) ?? 0) < changed)
    .map(([file]) => file);
}

/** Renders an import error as `FILE:LINE: REASON`, with the last line of the file itself that the trace names. */
function importError(filename: string, trace: string, place: string): string {
  const file = below(filename);
  const lines = [...trace.matchAll(/File "([^"]+)", line (\d+)/g)];
  const line = lines.findLast(([, path]) => path === file || path?.endsWith(`/${file}`))?.[2];
  const reason = trace.trim().split("\n").at(-1)?.trim();
  return `${place}/${file}${line === undefined ? "" : `:${line}`}: ${reason}`;
}

/**
 * Lists what is wrong with a stack's DAGs.
 * @param contents contents of the files that are {@link unlistedFiles}: they replace what the database says of them
 * @param place name of the folder, for people
 */
export function dagFaults(
  { dags, errors, folder }: DagFacts,
  contents: Readonly<Record<string, Content>>,
  place: string,
): readonly string[] {
  const known = dags.filter(({ fileloc }) => contents[below(fileloc)] === undefined);
  const files = new Map(known.map(({ dag_id, fileloc }) => [dag_id, below(fileloc)]));
  const told: string[] = [];
  for (const { filename, stack_trace } of errors) {
    if (contents[below(filename)] === undefined) told.push(importError(filename, stack_trace, place));
  }
  for (const [file, { ids, error }] of Object.entries(contents)) {
    if (error !== null) told.push(importError(file, error, place));
    for (const id of ids) {
      const other = files.get(id);
      if (other === undefined) files.set(id, file);
      else
        told.push(`${place}/${file}: its DAG ${id} is also in ${place}/${other}; expected an id of its own`);
    }
  }
  const unreadable = folder.unreadable.map(
    (file) =>
      `${place}/${file}: Airflow, which is user 50000 of group 0, may not read it; chmod -R a+rX ${place} lets it`,
  );
  const found = [...unreadable, ...told];
  return found.length + files.size === 0 ? [`${place}: Airflow finds no DAG there`] : found;
}
