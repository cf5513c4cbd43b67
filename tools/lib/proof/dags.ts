import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Role, rolesWhere } from "../../../roles.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { dagsFolder } from "../../../settings/model/names/ownNames.ts";
import type { Repository } from "../../../settings/model/names/repositories.ts";
import { majorOf } from "../../../settings/schema/versions.ts";
import type { AirflowApi } from "../airflow.ts";
import { reporting, run } from "../process.ts";
import { placeOf } from "../reach/place.ts";
import type { Stack } from "../stack.ts";
import { runningOf } from "../status/facts.ts";
import { execOf, instancesOf } from "../status/inside.ts";
import { heldTasks } from "../status/queues.ts";
import {
  type Content,
  type Dag,
  type DagFacts,
  type DagFolder,
  dagFaults,
  type ImportError,
  unlistedFiles,
} from "./dagFaults.ts";
import { isRevisionRead } from "./revision.ts";

const lister = readFileSync(new URL("folder.py", import.meta.url), "utf8");

/** Seconds in which Airflow reads new DAG files, or fetches them. */
const readingSeconds = 60;

/** Seconds in which Airflow fetches each repository again, which begins every 30 seconds, and reads its files. */
const fetchingSeconds = 180;

/** Seconds between a fetch and the moment from which a strict deployment believes that every file was read. */
const settlingSeconds = 10;

/** Maximum number of new or changed files that this command reads itself; with more, it first waits for Airflow. */
const few = 20;

/** Names a repository of DAGs, for people. */
export function repositoryPlace({ url, ref, folder }: Omit<Repository, "bundle">): string {
  return [url, ref, ...(folder === undefined ? [] : [folder])].join(", ");
}

/** Names the source of a stack's DAGs besides further bundles, for people. */
export function dagsPlace({ dags, dagsGit }: Pick<Settings, "dags" | "dagsGit">): string {
  if (dagsGit) return repositoryPlace(dagsGit);
  const folder = relative(process.cwd(), dags);
  return folder.startsWith("..") ? dags : folder;
}

/** Returns the role that reads a stack's DAG files. */
function readerOf({ version }: Pick<Settings, "version">): Role {
  const [reader] = rolesWhere(({ readsDags }) => readsDags?.includes(majorOf(version)) ?? false);
  if (!reader) throw new Error(`No role of Airflow ${version} reads DAG files.`);
  return reader;
}

/** Returns a function that tells whether Airflow has read the present revision of each repository of DAGs. */
async function revisionReader(stack: Stack, settings: Settings, asOf?: Date) {
  if (!settings.dagsGit && settings.dagBundles.length === 0) return async () => true;
  const machines = await instancesOf(stack, settings);
  const { since: start = new Date(0) } = runningOf(machines, readerOf(settings)) ?? {};
  const since = asOf && asOf > start ? asOf : start;
  const settling = asOf ? settlingSeconds : 0;
  return async (facts: Pick<DagFacts, "dags" | "errors">) => {
    const { bundles } = await heldTasks(execOf(stack, settings), machines);
    return bundles.every((bundle) => isRevisionRead(bundle, facts, since, new Date(), settling));
  };
}

/**
 * Lists the faults of a stack's DAGs: those that Airflow has found, and those of files that Airflow has not read yet.
 * @param asOf time since which every repository has to be fetched; without it, the last revision that Airflow has fetched counts
 */
export async function faultsOfDags(
  stack: Stack,
  settings: Settings,
  api: AirflowApi,
  asOf?: Date,
): Promise<readonly string[]> {
  const { program, args, env } = await placeOf(stack, readerOf(settings));
  const ask = async (...files: readonly string[]) => {
    const output = await run(program, [...args, "python", "-c", lister, dagsFolder, ...files], { env });
    return JSON.parse(output.trim().split("\n").at(-1) ?? "");
  };
  // Airflow itself fetches a repository, to another folder.
  const folder: DagFolder = settings.dagsGit ? { unreadable: [], files: {} } : await ask();
  const look = async (): Promise<DagFacts> => ({
    dags: await api.all<Dag>("/dags", "dags"),
    errors: await api.all<ImportError>("/importErrors", "import_errors"),
    folder,
  });
  const isEarly = (facts: DagFacts) =>
    settings.dagsGit ? facts.dags.length + facts.errors.length === 0 : unlistedFiles(facts).length > few;
  const isRead = await revisionReader(stack, settings, asOf);
  const limit = Date.now() + (asOf ? fetchingSeconds : readingSeconds) * 1000;
  const read = async (): Promise<{ readonly facts: DagFacts; readonly isCurrent: boolean }> => {
    const facts = await look();
    const isCurrent = await isRead(facts);
    if ((isCurrent && !isEarly(facts)) || Date.now() >= limit) return { facts, isCurrent };
    await sleep(2000);
    return read();
  };
  const { facts, isCurrent } = await reporting("waiting for Airflow to read the DAGs", read());
  const files = unlistedFiles(facts);
  const contents: Readonly<Record<string, Content>> = files.length > 0 ? await ask(...files) : {};
  const unread =
    `Airflow has not read the present revision of each repository within ${fetchingSeconds} s; ` +
    `expected that of the last push. The log of the ${readerOf(settings)} tells why.`;
  return [...dagFaults(facts, contents, dagsPlace(settings)), ...(asOf && !isCurrent ? [unread] : [])];
}
