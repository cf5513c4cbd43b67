import { spawn } from "node:child_process";
import { clientEnvironment, type Machine } from "../../../platforms/machines.ts";
import { attach, ended, run } from "../process.ts";

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
  const id = (
    await docker(
      "create",
      "--interactive",
      "--init",
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
  process.on("SIGINT", wait);
  try {
    for (const path of like?.paths ?? []) await copy(machine, like?.container ?? "", id, path);
    for (const [path, source] of files) await docker("cp", source, `${id}:${path}`);
    return await attach("docker", ["start", "--attach", "--interactive", id], { env: client, input });
  } finally {
    process.off("SIGINT", wait);
    await docker("rm", "--force", "--volumes", id);
  }
}
