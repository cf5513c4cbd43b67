import type { Bundle } from "../status/queues.ts";
import type { Dag, DagFacts, ImportError } from "./dagFaults.ts";

/**
 * True if the API has what Airflow has found in the present revision of a repository of DAGs, and not in the one before.
 * @param since start of the role that reads DAG files, or a later time since which the repository has to be fetched
 * @param settling seconds that Airflow needs after a fetch for files without a DAG, whose reading leaves no trace
 */
export function isRevisionRead(
  { name, revision, seconds }: Bundle,
  { dags, errors }: Pick<DagFacts, "dags" | "errors">,
  since: Date,
  now: Date,
  settling = 0,
): boolean {
  if (revision === null) return true;
  // At its start the role reads all files; before that, it fetches the repository.
  if (seconds === null || seconds < settling || now.getTime() - seconds * 1000 < since.getTime())
    return false;
  const found = errors.filter((error) => error.bundle_name === name);
  const isCurrent = ({ timestamp = "" }: ImportError) => Date.parse(timestamp) >= since.getTime();
  // A DAG whose file has an error now keeps its last revision.
  const isFaulty = ({ fileloc }: Dag) => found.some(({ filename }) => fileloc.endsWith(`/${filename}`));
  return (
    found.every(isCurrent) &&
    dags
      .filter((dag) => dag.bundle_name === name && !isFaulty(dag))
      .every((dag) => dag.bundle_version === revision)
  );
}
