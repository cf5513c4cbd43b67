import { spawn } from "node:child_process";
import { archiveOf } from "../../../components/backup/folder.ts";
import { sendBackup } from "../../lib/backup/store.ts";
import { print } from "../../lib/commandLine/terminal.ts";
import { bareScene } from "../../lib/dags/scene.ts";
import { attach, collected, ended, run, waitFor } from "../../lib/process.ts";
import { namespaceFlags } from "../../lib/reach/kubernetes.ts";
import { type PodStatus, podName, rehearsalPod, waitsFor } from "./pod.ts";
import type { OnStage, Stage, StageArgs } from "./stage.ts";

/** Seconds for a node and two images. */
const startSeconds = 600;

/** Waits until the containers of the pod run, and prints everything that they wait for once. */
async function started(kubectl: (...args: string[]) => Promise<string>): Promise<void> {
  const told = new Set<string>();
  await waitFor("the pod of the rehearsal", startSeconds, async () => {
    const pod: { status: PodStatus } = JSON.parse(await kubectl("get", "pod", podName, "--output", "json"));
    const reasons = waitsFor(pod.status);
    for (const reason of reasons.filter((one) => !told.has(one))) print(`  the pod waits: ${reason}`);
    for (const reason of reasons) told.add(reason);
    if (pod.status.phase === "Failed") throw new Error("The cluster ended the pod of the rehearsal.");
    return pod.status.phase === "Running" && reasons.length === 0 ? true : undefined;
  }).catch((error: Error) => {
    throw new Error([error.message, ...told].join("\n"));
  });
}

/** Copies an archive, still encrypted, from the pod that backs up. */
async function copyArchive(
  { place, id }: StageArgs,
  { program, args, env }: Stage["restorer"],
): Promise<void> {
  const child = spawn(program, [...args, "sh", "-c", 'cat > "$1"', "copy", archiveOf(id)], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "ignore", "pipe"],
  });
  const errors = collected(child.stderr);
  const sent = sendBackup(place, id, child.stdin).catch((error: Error) => error);
  const [code, fault] = await Promise.all([ended(child), sent]);
  if (fault) throw fault;
  if (code !== 0) throw new Error(`Backup ${id} could not be copied: ${errors().trim()}`);
}

/** Starts a pod of its own for the backup and the new version, which has no connections. */
export const inCluster: OnStage = async (args, use) => {
  const { stack, settings } = args;
  const flags = namespaceFlags(stack, settings);
  const kubectl = (...words: string[]) => run("kubectl", [...flags, ...words]);
  const remove = () => kubectl("delete", "pod", podName, "--ignore-not-found", "--now");
  const inside = (container: string) => [...flags, "exec", "-i", podName, "--container", container, "--"];
  const restorer = { program: "kubectl", args: inside("backup"), env: {} } as const;
  // A command that was killed has left its pod.
  await remove();
  const deployed = JSON.parse(await kubectl("get", "statefulset", "backup", "--output", "json"));
  const { env } = bareScene(settings, settings.images.airflow, settings.dags);
  const pod = rehearsalPod(deployed, {
    image: settings.images.airflow,
    env,
    // Restoring has the limit of a migration, too.
    seconds: startSeconds + 3 * settings.migrationSeconds,
  });
  // Ctrl-C ends kubectl, which gets the signal from the terminal; this process removes the pod.
  const wait = () => {};
  process.on("SIGINT", wait);
  try {
    await run("kubectl", [...flags, "create", "--filename", "-"], { input: JSON.stringify(pod) });
    await started(kubectl);
    await copyArchive(args, restorer);
    return await use({
      restorer,
      run: (more, command) => {
        const variables = Object.entries(more).map(([name, value]) => `${name}=${value}`);
        return attach("kubectl", [...inside("airflow"), "env", ...variables, ...command], { input: "" });
      },
    });
  } finally {
    process.off("SIGINT", wait);
    await remove();
  }
};
