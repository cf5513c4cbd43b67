import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { variable } from "../../../components/roles/environment.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { isSensitive } from "../../../settings/model/known.ts";
import { codeFiles } from "../../../settings/model/names/ownCode.ts";
import { authoritiesFile, dagsFolder } from "../../../settings/model/names/ownNames.ts";
import { secretsDirectory } from "../../../workload.ts";
import { run } from "../process.ts";
import type { Place } from "../reach/place.ts";
import type { Scene } from "./container.ts";

type Files = Scene["files"];

/** Folder of the DAGs' tests in a container. */
const testsFolder = "/opt/airflow/tests";

/** Lists the files of this machine for a container: DAGs, the tests beside them, plugins and modules. */
function filesOf(settings: Settings, folder: string): Files {
  const tests = join(dirname(folder), "tests");
  return [
    [dagsFolder, `${folder}/.`],
    ...(existsSync(tests) ? [[testsFolder, tests] as const] : []),
    ...[settings, { ...settings, dags: folder }]
      .flatMap(codeFiles)
      .map(({ path, source }) => [path, source] as const),
  ];
}

/** Returns settings of the stack file as variables, without secrets, which `docker inspect` would show. */
function plainEnvironment({ settings, version }: Settings): Record<string, string> {
  const all = Object.entries(settings).flatMap(([section, keys]) =>
    Object.entries(keys)
      .filter(([key]) => !isSensitive(version, section, key))
      .map(([key, value]) => [variable({ section, key }), value] as const),
  );
  return Object.fromEntries(all);
}

/** Describes a container that needs no deployed stack, on the Docker client's default engine. */
export function bareScene(settings: Settings, image: string, folder: string): Scene {
  return {
    image,
    machine: undefined,
    env: { ...plainEnvironment(settings), ...settings.roles.all?.env, ...settings.roles.worker?.env },
    flags: [],
    files: filesOf(settings, folder),
  };
}

/** A container in the output of `docker inspect`; only the fields used here. */
interface Inspected {
  readonly Config: { readonly Image: string; readonly Env: readonly string[] };
  readonly HostConfig: {
    readonly Memory: number;
    readonly ShmSize: number;
    readonly ExtraHosts: readonly string[] | null;
  };
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Name?: string;
    readonly Source: string;
    readonly Destination: string;
    readonly RW: boolean;
  }[];
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, unknown>> };
}

/** Folders that are not mounted from the worker: DAGs come from this machine, and logs stay in the container. */
const unmounted = [dagsFolder, "/opt/airflow/logs"];

function mountFlags({ Mounts }: Inspected): string[] {
  return Mounts.filter(({ Destination }) => !unmounted.includes(Destination)).flatMap((mount) => {
    const { Type, Name, Source, Destination, RW } = mount;
    return ["--volume", `${Type === "volume" ? Name : Source}:${Destination}${RW ? "" : ":ro"}`];
  });
}

/**
 * Describes a container beside a deployed worker: with its image, network, environment, secrets, volumes and limits, and
 * with the files of this machine.
 */
export async function besideWorker(
  settings: Settings,
  { name, machine, env: client }: Place,
  folder: string,
): Promise<Scene> {
  const text = await run("docker", ["inspect", name], { env: client });
  const [worker]: readonly Inspected[] = JSON.parse(text);
  if (!worker) throw new Error(`docker inspect ${name} printed nothing; expected a running worker.`);
  const { Memory, ShmSize, ExtraHosts } = worker.HostConfig;
  const pairs = worker.Config.Env.map((line) => line.split(/=(.*)/s).slice(0, 2));
  // DAGs come from this machine.
  const env = Object.fromEntries(
    pairs.filter(([key]) => key !== "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"),
  );
  const { all, worker: role } = settings.roles;
  const given = Object.keys({ ...all?.files, ...role?.files });
  return {
    image: worker.Config.Image,
    machine,
    env,
    flags: [
      ...Object.keys(worker.NetworkSettings.Networks)
        .slice(0, 1)
        .flatMap((network) => ["--network", network]),
      ...(ExtraHosts ?? []).flatMap((host) => ["--add-host", host]),
      ...["--memory", String(Memory), "--memory-swap", String(Memory), "--shm-size", String(ShmSize)],
      ...mountFlags(worker),
    ],
    files: filesOf(settings, folder),
    like: {
      container: name,
      paths: [secretsDirectory, "/opt/airflow/config", "/opt/airflow/plugins", authoritiesFile, ...given],
    },
  };
}
