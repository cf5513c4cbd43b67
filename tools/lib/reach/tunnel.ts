import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { clientEnvironment, type Machine } from "../../../platforms/machines.ts";
import { printError } from "../commandLine/terminal.ts";
import { askedEngine } from "./asked.ts";

const relay = readFileSync(new URL("tunnel.py", import.meta.url), "utf8");

/** Returns the error for a service's port on which another process listens. */
export function portInUse(service: string, port: number): Error {
  return new Error(`airflow:${service}Port is ${port}, which is in use; expected a free port.`);
}

/** Carries one connection into a container, until it is closed; returns a function that ends it. */
function carry(socket: Socket, machine: Machine | undefined, container: string, port: number): () => void {
  const args = ["exec", "--interactive", container, "python", "-I", "-S", "-c", relay, String(port)];
  const child = spawn("docker", args, { env: { ...process.env, ...clientEnvironment(machine) } });
  let errors = "";
  let ended = false;
  const end = () => {
    ended = true;
    // The program in the container ends with its input.
    child.kill();
  };
  socket.pipe(child.stdin);
  child.stdout.pipe(socket);
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk;
  });
  // Each side learns of the other's end from its own stream.
  child.stdin.on("error", () => {});
  socket.on("error", () => {}).on("close", end);
  child.on("error", (error) => {
    errors += error.message;
  });
  child.on("close", (code) => {
    if (code !== 0 && !ended) printError(`  ${container}: ${errors.trim()}`);
    socket.destroySoon();
  });
  return end;
}

/**
 * Forwards a port of the loopback interface to a port of a container, over the connection to its engine.
 * @param machine machine of the container; undefined for the Docker client's default engine
 * @returns a function that ends the forwarding
 * @throws Error when there is no such container, or with code EADDRINUSE
 */
export async function tunnel(
  machine: Machine | undefined,
  container: string,
  port: number,
  local: number,
): Promise<() => void> {
  await askedEngine(machine, ["container", "inspect", "--format", "{{.Id}}", container]).catch((error) => {
    if (!/no such container/i.test(error.message)) throw error;
    throw new Error(
      `${container}${machine ? ` on machine ${machine.name}` : ""} cannot be reached; expected a container that runs.`,
    );
  });
  const open = new Map<Socket, () => void>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.set(socket, carry(socket, machine, container, port));
    socket.on("close", () => open.delete(socket));
  });
  await new Promise<void>((done, fail) => {
    server.once("error", fail).listen(local, "127.0.0.1", done);
  });
  return () => {
    server.close();
    for (const [socket, end] of open) {
      end();
      socket.destroy();
    }
  };
}
