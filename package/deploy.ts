import * as pulumi from "@pulumi/pulumi";
import { Airflow } from "../components/airflow.ts";
import { leftOver, outputsOf, recordOf } from "../components/declarations/record.ts";
import { workersOf } from "../components/turns.ts";
import { checkVersion } from "../components/versionChange.ts";
import { hasFlag } from "../deploymentFlags.ts";
import { movedFault } from "../platforms/docker/movedData.ts";
import { followContext } from "../platforms/endpoint.ts";
import { secretTexts } from "../platforms/kubernetes/cluster/secretTexts.ts";
import { contextFlags } from "../platforms/kubernetes/ownership.ts";
import { checkPlatform, lookFor } from "../platforms/look.ts";
import { knownFrom, replacedIn, type StateResource } from "../platforms/ownership/known.ts";
import { keepVolumes, platformOf } from "../platforms/platform.ts";
import type { Settings } from "../settings/model/groups.ts";
import { stackFlag } from "../settings/model/names/stackFlag.ts";
import { faultsInSecrets } from "../settings/read/clusterSecrets.ts";
import type { Where } from "../settings/schema/path.ts";

/** State of the last deployment, and values of this deployment. */
interface Deployment {
  readonly resources: readonly StateResource[];
  /** Outputs of the last deployment; empty before the first one. */
  readonly previous: Readonly<Record<string, unknown>>;
  /** Values behind the settings, in the clear, for backups. */
  readonly values: Readonly<Record<string, string>>;
  readonly where: Where;
}

/** Prefix of all names on an engine, and default name of the namespace in a cluster. */
export function currentPrefix(): string {
  return `${pulumi.getProject()}-${pulumi.getStack()}`;
}

/**
 * Returns the output that names the commands with age and result of the last backup, if a stack has backups. An output is
 * as old as the deployment: an age in it would be that of another backup.
 */
export function backupOutput(
  { backup, monitoring }: Pick<Settings, "backup" | "monitoring">,
  stack = pulumi.getStack(),
): { readonly backups?: string } {
  if (!backup) return {};
  const flag = stackFlag(stack);
  const series = monitoring ? "; the series airflow_backup_time_seconds has its time" : "";
  return {
    backups: `npm run status${flag && ` --${flag}`} shows age and result of the last proven backup, npm run backup -- --list${flag} all${series}`,
  };
}

/**
 * Checks the values that a stack takes from Secrets of its cluster, as far as they can be read here.
 * @throws pulumi.RunError listing every fault
 */
export async function checkSecrets(
  { kubernetes }: Pick<Settings, "kubernetes">,
  { values, where }: Pick<Deployment, "values" | "where">,
): Promise<void> {
  const flags = [...contextFlags(kubernetes), "--namespace", kubernetes?.namespace ?? currentPrefix()];
  const faults = await faultsInSecrets(values, where, (names) => secretTexts(names, flags));
  if (faults.length > 0) throw new pulumi.RunError(faults.join("\n"));
}

/**
 * Checks the engines or the cluster, and declares Airflow there.
 * @param opts parent and dependencies of all resources
 * @throws pulumi.RunError listing every fault, before anything is touched
 */
export async function deployAirflow(
  settings: Settings,
  { resources, previous, values, where }: Deployment,
  opts?: pulumi.ComponentResourceOptions,
) {
  const known = knownFrom(resources);
  if (!hasFlag("upgrade") && !hasFlag("restore")) checkVersion(settings.version, previous, pulumi.getStack());
  const moved = hasFlag("restore") ? undefined : movedFault(settings, resources);
  if (moved !== undefined) throw new pulumi.RunError(moved);
  await followContext(settings).catch(({ message }: Error) => {
    throw new pulumi.RunError(message);
  });
  await checkPlatform(settings, currentPrefix(), resources);
  await checkSecrets(settings, { values, where });
  const record = recordOf(settings, previous);
  for (const line of leftOver(record)) await pulumi.log.warn(line);
  const look = lookFor(settings, known, pulumi.getStack());
  const platform = await platformOf(settings, currentPrefix(), look, opts);
  const workers = hasFlag("at-once") || !known.hasWorkers ? [] : workersOf(previous, settings.version);
  const past = {
    deleted: record.deleted,
    workers,
    config: values,
    restores: hasFlag("restore"),
    replaced: replacedIn(resources),
  };
  const airflow = new Airflow("airflow", platform, settings, past, opts);
  for (const name of keepVolumes(platform, settings, resources))
    await pulumi.log.info(`the volume ${name} is not used any more, and kept with its data`);
  return {
    webserverUrl: airflow.webserverUrl,
    flowerUrl: airflow.flowerUrl,
    ...(airflow.monitoringUrl !== undefined && { monitoringUrl: airflow.monitoringUrl }),
    adminUser: settings.adminUser,
    adminPassword: pulumi.secret(airflow.adminPassword),
    workers: airflow.workers,
    // Commands read the version from the state without the key of its secrets.
    version: pulumi.unsecret(airflow.version),
    ...(airflow.backupKeys && { backupKeys: pulumi.secret(airflow.backupKeys) }),
    ...outputsOf(record),
  };
}
