import { spawn } from "node:child_process";
import { hostname } from "node:os";
import { clientEnvironment, type Machine } from "../../../platforms/machines.ts";
import { attach, ended, run } from "../process.ts";
import { askedEngine } from "../reach/asked.ts";
import { isRunning, type OwnerProcess, thisProcess } from "../recovery/owner.ts";

/** A container that runs one command, and is removed at its end. */
export interface Scene {
  readonly image: string;
  readonly machine: Machine | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Further flags of `docker create`. */
  readonly flags: readonly string[];
  /** Files and folders of this machine, with their paths in the container; later entries win. */
  readonly files: readonly (readonly [path: string, source: string])[];
  /** Container from which files at these paths are copied first. */
  readonly like?: { readonly container: string; readonly paths: readonly string[] };
}

/** Copies between containers of an engine, without a file on this machine. */
async function copy(machine: Machine | undefined, from: string, to: string, path: string): Promise<void> {
  const env = { ...process.env, ...clientEnvironment(machine) };
  const parent = path.replace(/\/[^/]+$/, "") || "/";
  const read = spawn("docker", ["cp", `${from}:${path}`, "-"], { env, stdio: ["ignore", "pipe", "ignore"] });
  const write = spawn("docker", ["cp", "-", `${to}:${parent}`], { env, stdio: ["pipe", "ignore", "ignore"] });
  read.stdout.pipe(write.stdin);
  // Both end early if the container lacks the path.
  write.stdin.on("error", () => {});
  await Promise.all([ended(read), ended(write)]);
}

/** Label of a container with the process that removes it. */
const ownerLabel = "airflow-on-celery.owner";

interface Owner extends OwnerProcess {
  /** Host of the process, as several may use an engine. */
  readonly host: string;
}

/** Removes containers with their volumes; the engine itself may do so meanwhile, once their commands have ended. */
async function remove(machine: Machine | undefined, ids: readonly string[]): Promise<void> {
  const args = ["rm", "--force", "--volumes", ...ids];
  await run("docker", args, { env: clientEnvironment(machine) }).catch((error: Error) => {
    if (!/No such container|already in progress/.test(error.message)) throw error;
  });
}

/** Removes containers of this host's commands that were killed: they have secrets, and keep a network from its removal. */
export async function sweep(machine: Machine | undefined): Promise<void> {
  const format = `{{.ID}} {{.Label "${ownerLabel}"}}`;
  const list = ["ps", "--all", "--filter", `label=${ownerLabel}`, "--format", format];
  const lines = (await askedEngine(machine, list)).split("\n").filter((line) => line !== "");
  const left = lines.flatMap((line) => {
    const [, id = "", label = ""] = /^(\S+) (.*)$/.exec(line) ?? [];
    const { host, ...owner }: Owner = JSON.parse(label);
    return host === hostname() && !isRunning(owner) ? [id] : [];
  });
  if (left.length > 0) await remove(machine, left);
}

/**
 * Runs a command in a new container, with its output in the terminal.
 * @param input standard input of the command
 * @returns the command's exit code
 */
export async function inContainer(scene: Scene, command: readonly string[], input: string): Promise<number> {
  const { image, machine, env, flags, files, like } = scene;
  const client = clientEnvironment(machine);
  const docker = (...args: string[]) => run("docker", args, { env: client });
  const variables = Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const limits = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "50000:0"];
  const [entry = "", ...args] = command;
  const owner: Owner = { host: hostname(), ...thisProcess() };
  await sweep(machine);
  const id = (
    await docker(
      "create",
      "--interactive",
      "--init",
      "--rm",
      "--label",
      `${ownerLabel}=${JSON.stringify(owner)}`,
      ...limits,
      ...flags,
      ...variables,
      "--entrypoint",
      entry,
      image,
      ...args,
    )
  ).trim();
  // Ctrl-C ends the container, to which its client passes the signal; this process waits for that.
  const wait = () => {};
  let removal: Promise<void> | undefined;
  const removed = () => {
    removal ??= remove(machine, [id]);
    return removal;
  };
  // The end of this function reports an error.
  const end = () => void removed().catch(() => {});
  process.on("SIGINT", wait).on("SIGTERM", end).on("SIGHUP", end);
  try {
    for (const path of like?.paths ?? []) await copy(machine, like?.container ?? "", id, path);
    for (const [path, source] of files) await docker("cp", source, `${id}:${path}`);
    return await attach("docker", ["start", "--attach", "--interactive", id], { env: client, input });
  } finally {
    process.off("SIGINT", wait).off("SIGTERM", end).off("SIGHUP", end);
    await removed();
  }
}
