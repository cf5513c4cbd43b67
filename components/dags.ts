import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../settings/model/groups.ts";
import type { AirflowSettings } from "../settings/schema/airflowCfg.ts";
import type { Platform, Volume } from "../workload.ts";

/** Source of DAG files: a folder of this machine, the roles' image, or a repository that Airflow reads. */
interface Dags {
  readonly image: pulumi.Input<string>;
  readonly volume?: Volume;
  readonly settings: AirflowSettings;
}

/** Configures a bundle of Airflow 3 that follows a branch or stays at a tag. */
function bundle({ url, ref, folder }: NonNullable<Settings["dagsGit"]>): AirflowSettings {
  const kwargs = { repo_url: url, tracking_ref: ref, subdir: folder, refresh_interval: 30 };
  const classpath = "airflow.providers.git.bundles.git.GitDagBundle";
  const list = JSON.stringify([{ name: "dags", classpath, kwargs }]);
  return { dag_processor: { dag_bundle_config_list: list } };
}

/** Picks the source of the DAG files; at most one of `dagsImage` and `dagsGit` is set. */
export function dagsOf(platform: Platform, settings: Settings, parent: pulumi.Resource): Dags {
  const { dags, dagsImage, dagsGit, images } = settings;
  if (dagsGit) return { image: images.airflow, settings: bundle(dagsGit) };
  if (dagsImage === undefined) {
    return { image: images.airflow, volume: { kind: "directory", path: dags }, settings: {} };
  }
  const image = platform.image(
    "dags",
    { base: images.airflow, folder: dags, repository: dagsImage },
    { parent },
  );
  return { image, settings: {} };
}
