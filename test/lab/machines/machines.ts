import { spawn } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Machine } from "../../../platforms/machines.ts";
import { project, run } from "../../../tools/lib/process.ts";

// Keep names, addresses and paths as in settings.sh.

export type MachineName = "one" | "two" | "three";

const state = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "airflow-on-celery/machines");

/** Three machines on this one, each with its own Docker engine, which tests may break. */
export const machines: readonly (Machine & { readonly name: MachineName })[] = [
  { name: "one", docker: "ssh://root@10.87.0.11", address: "10.87.0.11" },
  { name: "two", docker: "ssh://root@10.87.0.12", address: "10.87.0.12" },
  {
    name: "three",
    docker: "tcp://10.87.0.13:2376",
    address: "10.87.0.13",
    certificates: join(state, "client"),
  },
];

/** Engine's own socket, as if at the machine's console. */
export function console(name: MachineName): string {
  return `unix://${state}/run/${name}/docker.sock`;
}

/** Brings up what is missing of the machines and their network. */
export async function ensureMachines(): Promise<void> {
  await run("test/lab/machines/up.sh", [], { show: true });
}

/**
 * Cuts a machine's power, which kills everything on it at once and keeps its disk; or boots it and waits
 * until its engine answers. Containers restart according to their policy.
 */
export async function power(name: MachineName, action: "start" | "stop"): Promise<void> {
  await run("test/lab/machines/machine.sh", [action, name]);
}

/** Silently drops all traffic between a machine and all others, so that connections stay half-open. */
export async function network(name: MachineName, action: "cut" | "heal"): Promise<void> {
  await run("test/lab/machines/machine.sh", [action, name]);
}

/**
 * Captures all traffic on the machines' bridge to a pcap file until the returned function is called.
 * @throws Error from the returned function, if the capture is incomplete
 */
export async function capture(file: string): Promise<() => Promise<void>> {
  const child = spawn("test/lab/machines/capture.sh", [file], {
    cwd: project,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  const ended = new Promise<"ended">((done, fail) =>
    child.on("error", fail).on("close", () => done("ended")),
  );
  const listening = new Promise<"listening">((done) => {
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk;
      if (stderr.includes("listening on")) done("listening");
    });
  });
  if ((await Promise.race([listening, ended])) === "ended")
    throw new Error(`The capture of the bridge failed:\n${stderr}`);
  return async () => {
    child.kill("SIGINT");
    await ended;
    if (!stderr.includes("\n0 packets dropped by kernel"))
      throw new Error(`${file} is incomplete:\n${stderr}`);
  };
}
