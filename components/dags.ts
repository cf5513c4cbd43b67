import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../settings/model/groups.ts";
import { type Repository, repositoriesOf } from "../settings/model/names/repositories.ts";
import type { AirflowSettings } from "../settings/schema/airflowCfg.ts";
import type { Platform, Volume } from "../workload.ts";

/** Source of DAG files: a folder of this machine, the roles' image, or a repository that Airflow reads. */
interface Dags {
  readonly image: pulumi.Input<string>;
  readonly volume?: Volume;
  readonly settings: AirflowSettings;
}

/** Renders a bundle that follows a branch or stays at a tag. */
function repositoryBundle({ bundle, url, ref, folder }: Repository) {
  const kwargs = { repo_url: url, tracking_ref: ref, subdir: folder, refresh_interval: 30 };
  return { name: bundle, classpath: "airflow.providers.git.bundles.git.GitDagBundle", kwargs };
}

/** Bundle of the DAG folder, which Airflow 3 has by default. */
const folderBundle = {
  name: "dags-folder",
  classpath: "airflow.dag_processing.bundles.local.LocalDagBundle",
  kwargs: {},
};

/** Configures the bundles of Airflow 3, if a stack has repositories. */
function bundles(settings: Settings): AirflowSettings {
  const repositories = repositoriesOf(settings);
  if (repositories.length === 0) return {};
  const list = [...(settings.dagsGit ? [] : [folderBundle]), ...repositories.map(repositoryBundle)];
  return { dag_processor: { dag_bundle_config_list: JSON.stringify(list) } };
}

/** Picks the source of the DAG files; at most one of `dagsImage` and `dagsGit` is set. */
export function dagsOf(platform: Platform, settings: Settings, parent: pulumi.Resource): Dags {
  const { dags, dagsImage, dagsGit, images } = settings;
  if (dagsGit) return { image: images.airflow, settings: bundles(settings) };
  if (dagsImage === undefined) {
    return { image: images.airflow, volume: { kind: "directory", path: dags }, settings: bundles(settings) };
  }
  const image = platform.image(
    "dags",
    { base: images.airflow, folder: dags, repository: dagsImage },
    { parent },
  );
  return { image, settings: bundles(settings) };
}
