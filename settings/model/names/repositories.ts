import type { Settings } from "../groups.ts";

type Sources = Pick<Settings, "dagsGit" | "dagBundles">;

/** A Git repository that Airflow reads as a bundle. */
export interface Repository extends NonNullable<Settings["dagsGit"]> {
  /** Name of the bundle. */
  readonly bundle: string;
}

/** Bundle of `dagsGit`. */
const firstBundle = "dags";

/** Names that bundles of `dagBundles` cannot have: those of `dagsGit`, of the DAG folder, and of Airflow's examples. */
export const takenBundles: readonly string[] = [firstBundle, "dags-folder", "example-dags"];

/** Lists the repositories from which a stack's Airflow reads DAGs. */
export function repositoriesOf({ dagsGit, dagBundles }: Sources): Repository[] {
  return [
    ...(dagsGit ? [{ ...dagsGit, bundle: firstBundle }] : []),
    ...dagBundles.map(({ name, ...repository }) => ({ ...repository, bundle: name })),
  ];
}

/** Kinds of secrets of a repository. */
export const repositorySecrets = ["git_password", "git_key"] as const;

/** Name of a repository's secret, as roles get it. */
export function repositorySecret(kind: (typeof repositorySecrets)[number], bundle: string): string {
  return bundle === firstBundle ? kind : `${kind}_${bundle}`;
}
