import { spawn } from "node:child_process";
import { builtHere } from "../../images/local.ts";
import { clientEnvironment, type Machine } from "../../platforms/machines.ts";
import { print } from "./commandLine/terminal.ts";
import { collected, ended, reasonOf, run } from "./process.ts";

/** Images for a machine. */
export interface Cargo {
  readonly machine: Machine;
  /** Names of images; only images built here are sent. */
  readonly images: readonly string[];
}

/** An image in transfer. */
interface Transfer {
  readonly machine: Machine;
  readonly image: string;
  bytes: number;
}

/** Waits for all promises to settle; throws all their errors as one. */
export async function settleAll(promises: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(promises);
  const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  if (errors.length > 0) throw new Error(errors.map(reasonOf).join("\n\n"));
}

/** Returns a text that identifies an image's content on any engine; image ids depend on how an engine stores images. */
async function identifyContent(image: string, machine?: Machine): Promise<string> {
  const format = "{{.Created}} {{.RootFS.Layers}}";
  return run("docker", ["image", "inspect", "--format", format, image], { env: clientEnvironment(machine) });
}

async function transfer(state: Transfer): Promise<void> {
  const { machine, image } = state;
  const begin = Date.now();
  const save = spawn("docker", ["save", image], { stdio: ["ignore", "pipe", "pipe"] });
  const load = spawn("docker", ["load", "--quiet"], {
    env: { ...process.env, ...clientEnvironment(machine) },
    stdio: ["pipe", "ignore", "pipe"],
  });
  const errors = collected(save.stderr, load.stderr);
  save.stdout.on("data", (chunk: Buffer) => {
    state.bytes += chunk.length;
  });
  save.stdout.pipe(load.stdin);
  // `docker load` itself reports why it stopped reading.
  load.stdin.on("error", () => {});
  load.on("close", (code) => (code === 0 ? save.stdout.resume() : save.kill()));
  const codes = await Promise.all([ended(save), ended(load)]);
  if (codes.some((code) => code !== 0)) {
    const client = `docker --host ${machine.docker}`;
    throw new Error(
      `${errors().trim()}\nSending ${image} to ${machine.name} failed, see above; expected an engine that answers ` +
        `(${client} info) and has room (${client} system df). Run this again: images that arrived are kept.`,
    );
  }
  print(`  ${machine.name}: ${image} sent in ${Math.round((Date.now() - begin) / 1000)} s`);
}

/**
 * Sends machines the images built here that they lack; machines pull other images themselves.
 * @throws Error with the failure of each machine
 */
export async function shipImages(cargo: readonly Cargo[]): Promise<void> {
  const running = new Set<Transfer>();
  const timer = setInterval(() => {
    for (const { machine, image, bytes } of running)
      print(`  ${machine.name}: ${Math.round(bytes / 2 ** 20)} MiB of ${image}`);
  }, 10_000);
  const ship = async ({ machine, images }: Cargo) => {
    for (const image of images.filter((name) => name.startsWith(builtHere))) {
      const shipped = await identifyContent(image, machine).catch(() => undefined);
      if (shipped === (await identifyContent(image))) continue;
      const state: Transfer = { machine, image, bytes: 0 };
      running.add(state);
      await transfer(state).finally(() => running.delete(state));
    }
  };
  await settleAll(cargo.map(ship)).finally(() => clearInterval(timer));
}
