import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { parse } from "yaml";
import { project } from "../../tools/lib/process.ts";
import type { Config } from "../unit/settingsFrom.ts";

/** Stack configured for both platforms. */
export interface Twins {
  readonly name: string;
  readonly docker: Config;
  readonly kubernetes: Config;
  /** Maps a workload's name on Kubernetes to its name on Docker. */
  readonly counterpart: (workload: string) => string;
}

type Counts = number | Readonly<Record<string, number>>;

interface StackConfig {
  readonly machines?: readonly { readonly name: string; readonly workers: Counts }[];
  readonly workers?: number;
  readonly workerGroups?: readonly Record<string, unknown>[];
  readonly images?: unknown;
  readonly dagsGit?: unknown;
  readonly dagsImage?: unknown;
  readonly [key: string]: unknown;
}

const registry = "registry.example.com/airflow";

/** Reads the configuration of a stack's file, without the project's prefix. */
function configOf(file: string): StackConfig {
  const { config = {} } = parse(readFileSync(file, "utf8")) as { config?: Record<string, unknown> };
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace(/^airflow:/, ""), value]),
  );
}

/** Returns the keys that a cluster requires and an engine accepts: those given, or examples. */
function sources({ images, dagsGit, dagsImage }: StackConfig): Config {
  const names = ["airflow", "postgres", "redis", "monitoring"];
  return {
    images: images ?? Object.fromEntries(names.map((name) => [name, `${registry}/${name}:1`])),
    ...(dagsGit === undefined ? { dagsImage: dagsImage ?? `${registry}/dags` } : { dagsGit }),
  };
}

function countOf(group: string, workers: Counts): number {
  return typeof workers === "number" ? (group === "default" ? workers : 0) : (workers[group] ?? 0);
}

/** Drops nodes and numbers per node, and gives each group a worker, as an empty group cannot be compared. */
function onOneEngine({ kubernetes, machines = [], workers, workerAutoscale, ...rest }: StackConfig): Config {
  const sum = (group: string) => machines.reduce((all, machine) => all + countOf(group, machine.workers), 0);
  const groups = rest.workerGroups?.map(({ machine, nodeLabels, tolerations, autoscale, ...group }) => ({
    ...group,
    workers: Number(group.workers) || sum(String(group.name)) || 1,
  }));
  return {
    ...rest,
    workers: Math.max(1, machines.length > 0 ? sum("default") : (workers ?? 2)),
    ...(groups && { workerGroups: groups }),
  };
}

/** Returns the name of a group's workers without the machine. */
function withoutMachine(workload: string, machines: readonly string[]): string {
  const machine = machines.find((name) => workload.startsWith("worker-") && workload.endsWith(`-${name}`));
  return machine === undefined ? workload : workload.slice(0, -machine.length - 1);
}

/** Reads every stack of `stacks/`, for both platforms. */
export function twins(): Twins[] {
  return globSync("stacks/Pulumi.*.yaml", { cwd: project })
    .sort()
    .map((file) => {
      const stack = configOf(`${project}/${file}`);
      const machines = (stack.machines ?? []).map(({ name }) => name);
      return {
        name: basename(file),
        docker: { ...onOneEngine(stack), ...sources(stack), platform: "docker" },
        kubernetes: { ...stack, ...sources(stack), platform: "kubernetes" },
        counterpart: (workload) => withoutMachine(workload, machines),
      };
    });
}
