import { dagsFolder } from "../../../settings/model/names/ownNames.ts";
/** An import error in Airflow's API. */
export interface ImportError {
  readonly filename: string;
  readonly stack_trace: string;
  /** Time at which the file was last read; used for repositories of Airflow 3. */
  readonly timestamp?: string;
  /** Source of the file; Airflow 2 has none. */
  readonly bundle_name?: string | null;
}

/** A DAG in Airflow's API. */
export interface Dag {
  readonly dag_id: string;
  readonly fileloc: string;
  readonly last_parsed_time: string | null;
  /** Source of the file, and its revision in which the DAG was last found; Airflow 2 has none. */
  readonly bundle_name?: string | null;
  readonly bundle_version?: string | null;
}

/** Folder of DAG files, as the role sees it that reads them. */
export interface DagFolder {
  /** Files and folders that the role may not read. */
  readonly unreadable: readonly string[];
  /** Files in which Airflow looks for DAGs, with the time of their last change in seconds. */
  readonly files: Readonly<Record<string, number>>;
}

/** Contents of a DAG file, read by this command instead of Airflow. */
export interface Content {
  readonly ids: readonly string[];
  readonly error: string | null;
}

export interface DagFacts {
  readonly dags: readonly Dag[];
  readonly errors: readonly ImportError[];
  readonly folder: DagFolder;
}

/** Path of a DAG file below the folder of DAGs. */
function below(file: string): string {
  return file.startsWith(`${dagsFolder}/`) ? file.slice(dagsFolder.length + 1) : file;
}

/**
 * Lists the files without a DAG in Airflow's database since their last change: the file is new, defines no DAG, has an
 * error, or its DAGs have ids of another file.
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
 * Lists the faults of a stack's DAGs.
 * @param contents contents of the {@link unlistedFiles}, which replace the database's facts about them
 * @param place name of the folder, for people
 */
export function dagFaults(
  { dags, errors, folder }: DagFacts,
  contents: Readonly<Record<string, Content>>,
  place: string,
): readonly string[] {
  const known = dags.filter(({ fileloc }) => contents[below(fileloc)] === undefined);
  const files = new Map(known.map(({ dag_id, fileloc }) => [dag_id, below(fileloc)]));
  const faults: string[] = [];
  for (const { filename, stack_trace } of errors) {
    if (contents[below(filename)] === undefined) faults.push(importError(filename, stack_trace, place));
  }
  for (const [file, { ids, error }] of Object.entries(contents)) {
    if (error !== null) faults.push(importError(file, error, place));
    for (const id of ids) {
      const other = files.get(id);
      if (other === undefined) files.set(id, file);
      else faults.push(`${place}/${file}: its DAG ${id} is also in ${place}/${other}; expected another id`);
    }
  }
  const unreadable = folder.unreadable.map(
    (file) =>
      `${place}/${file}: user 50000 of group 0, which runs Airflow, may not read it; expected a readable file: chmod -R a+rX ${place}`,
  );
  const found = [...unreadable, ...faults];
  return found.length + files.size === 0 ? [`${place}: Airflow finds no DAG; expected one at least`] : found;
}
