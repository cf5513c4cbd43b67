import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { masked } from "../../settings/model/urls/mask.ts";
import { Refused } from "../../settings/read/yaml/refused.ts";
import { print, printError, printPlainError, show } from "./commandLine/terminal.ts";
import { endBy, temporaryFolder } from "./temporaryFolder.ts";

/** The project's folder. */
export const project = resolve(import.meta.dirname, "../..");

/** Waits for a process to end; resolves to its exit code, null if it was killed. */
export function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((done, fail) => child.on("error", fail).on("close", done));
}

/** Command that runs another one, which a closed terminal does not end: the Pulumi CLI would stop in the middle. */
const shielded = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh"] as const;

/**
 * Waits for a process that a signal ends in order: outlives the process, and then ends by the same signal. The process gets
 * Ctrl-C from the terminal, SIGTERM from here, and goes on to its end when the terminal is closed.
 * @param removeTemporaries runs at the end
 */
async function outlived(child: ChildProcess, removeTemporaries: () => void): Promise<number | null> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  let caught: NodeJS.Signals | undefined;
  const note = (signal: NodeJS.Signals) => {
    caught = signal;
    if (signal === "SIGTERM") child.kill(signal);
  };
  for (const signal of signals) process.on(signal, note);
  try {
    return await ended(child);
  } finally {
    for (const signal of signals) process.off(signal, note);
    try {
      removeTemporaries();
    } finally {
      if (caught) endBy(caught);
    }
  }
}

/** Collects the texts of streams; returns a function that gives the text so far. */
export function collected(...streams: readonly Readable[]): () => string {
  let text = "";
  for (const stream of streams)
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  return () => text;
}

/** Returns the message of an error. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export interface RunOptions {
  /** Variables to set, or to leave out, beside those of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Shows the command's output as it comes, masked; by default the output only appears in an error. `terminal` gives the
   * command the terminal itself, for questions, and for data that has to arrive as it is.
   */
  readonly show?: boolean | "terminal";
  readonly cwd?: string;
  /** Standard input of the command; none by default. */
  readonly input?: string;
  /** Receives the command's output as it comes. */
  readonly hear?: (chunk: string) => void;
  /**
   * Lets a signal end the command in order, before this process; by default the signal ends this process at once. A closed terminal
   * does not end the command. What the command leaves in the folder for temporary files is removed: the plugin for clusters copies
   * the kubeconfig there each time.
   */
  readonly outlive?: boolean;
}

/** Shows the output of a command until its end; nothing of it is kept. */
async function passed(
  child: ChildProcess,
  end: Promise<number | null>,
  command: string,
  args: readonly string[],
): Promise<string> {
  show(child.stdout, process.stdout);
  show(child.stderr, process.stderr);
  const code = await end;
  if (code === 0) return "";
  throw new Error(`${command} ${args[0] ?? ""} failed with exit code ${code}`);
}

/**
 * Runs a command to its end and returns its standard output.
 * @throws Error with the end of the command's output, when the command fails
 */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { env = {}, show: way = false, cwd = project, input, hear, outlive = false } = options;
  const temporaries = outlive ? temporaryFolder() : undefined;
  const [program, ...words] = [...(outlive ? shielded : []), command, ...args] as [string, ...string[]];
  const child = spawn(program, words, {
    cwd,
    env: { ...process.env, ...env, ...(temporaries && { TMPDIR: temporaries.folder }) },
    stdio:
      way === "terminal"
        ? "inherit"
        : [way ? "inherit" : input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  const end = temporaries ? outlived(child, temporaries.remove) : ended(child);
  child.stdin?.end(input);
  if (way === true) return passed(child, end, command, args);
  let stdout = "";
  let all = "";
  // A character may be split over chunks.
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
    all += chunk;
    hear?.(chunk);
  });
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    all += chunk;
    hear?.(chunk);
  });
  const code = await end;
  if (code === 0) return stdout;
  const tail = masked(all.trim().split("\n").slice(-40).join("\n"));
  throw new Error(`${command} ${args[0] ?? ""} failed with exit code ${code}${tail && `:\n${tail}`}`);
}

/**
 * Runs a command with its output in the terminal, masked unless it has the terminal itself.
 * @param input standard input of the command; without one it has the terminal's
 * @returns the command's exit code; 1 if it was killed
 */
export async function attach(
  command: string,
  args: readonly string[],
  { env = {}, input, show: way = true }: Pick<RunOptions, "env" | "input" | "show">,
): Promise<number> {
  const out = way === "terminal" ? "inherit" : "pipe";
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: [input === undefined ? "inherit" : "pipe", out, out],
  });
  show(child.stdout, process.stdout);
  show(child.stderr, process.stderr);
  // A command may end before it has read its input.
  child.stdin?.on("error", () => {}).end(input);
  return (await ended(child)) ?? 1;
}

/**
 * Polls until `attempt` returns something, and reports every ten seconds what it waits for.
 * @param counted reads the seconds that count against the limit; by default, all since this call
 */
export async function waitFor<T>(
  what: string,
  seconds: number,
  attempt: () => Promise<T | undefined>,
  pauseSeconds = 0.5,
  counted?: () => number,
): Promise<T> {
  const begin = Date.now();
  const elapsed = () => (Date.now() - begin) / 1000;
  let shown = 0;
  for (;;) {
    const result = await attempt();
    if (result !== undefined) return result;
    const now = elapsed();
    if ((counted?.() ?? now) > seconds) throw new Error(`Waited ${seconds} s in vain for ${what}.`);
    if (now - shown > 10) {
      print(`  waiting for ${what} (${Math.round(now)} s)`);
      shown = now;
    }
    await new Promise((wake) => setTimeout(wake, pauseSeconds * 1000));
  }
}

/** Tells every ten seconds what goes on and for how long, until a work ends; returns what the work returns. */
export async function reporting<T>(what: string, work: Promise<T>, line = print): Promise<T> {
  const begin = Date.now();
  const tell = () => line(`  ${what} (${Math.round((Date.now() - begin) / 1000)} s)`);
  const timer = setInterval(tell, 10_000);
  return work.finally(() => clearInterval(timer));
}

/** Runs a tool's main function; an error ends the process with its message and without a stack trace. */
export async function main(body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    // A refusal shows no secret by itself, and examples of what is expected.
    if (error instanceof Refused) printPlainError(error.message);
    else printError(reasonOf(error));
    process.exitCode = 1;
  }
}
