import { several } from "../components/roles/role.ts";
import { homeOf, machinesOf } from "../platforms/machines.ts";
import type { Settings } from "../settings/model/groups.ts";
import { readStackFile } from "../settings/read/read.ts";
import { rolesIn } from "../settings/schema/versions.ts";
import { instances } from "../workload.ts";
import { commandLine } from "./lib/commandLine/commandLine.ts";
import { main } from "./lib/process.ts";
import { namespaceFlags } from "./lib/reach/kubernetes.ts";
import { Stack } from "./lib/stack.ts";
import { clusterFacts } from "./lib/status/cluster.ts";
import { factsOfEngines, local } from "./lib/status/engine.ts";
import { taskFacts } from "./lib/status/flower.ts";
import { type Facts, type MachineFacts, statusTable, troubles } from "./lib/status/table.ts";

/** Expected containers of a stack on Docker, by machine. */
export function expected(settings: Settings): ReadonlyMap<string, readonly string[]> {
  const machines = machinesOf(settings);
  const counts: Readonly<Record<string, number>> = {
    scheduler: settings.schedulers,
    webserver: settings.webservers,
  };
  const { postgres, redis, pgbouncer } = settings;
  const services = [
    ...(postgres.url === undefined ? ["postgres"] : []),
    ...(redis.url === undefined ? ["redis"] : []),
    ...(postgres.url === undefined && redis.url === undefined ? [] : ["check"]),
    ...(pgbouncer ? ["pgbouncer"] : []),
  ];
  // Runs on the webserver's machine, in front of the webserver.
  const entrance = settings.publish
    ? [{ names: ["entrance"], machine: homeOf("webserver", machines)?.name }]
    : [];
  const control = [...services, ...rolesIn(settings.version).filter((role) => role !== "worker")].map(
    (role) => ({
      names: instances(role, several(counts[role] ?? 1)),
      machine: homeOf(role, machines)?.name,
    }),
  );
  const workers = settings.groups.map(({ name, workers: replicas, machine }) => ({
    names: instances(name, { replicas }),
    machine: machine ?? homeOf(name, machines)?.name,
  }));
  const gateways =
    machines.length > 1 ? machines.map(({ name }) => ({ names: ["gateway"], machine: name })) : [];
  const all = Map.groupBy(
    [...control, ...workers, ...gateways, ...entrance],
    ({ machine = local }) => machine,
  );
  return new Map([...all].map(([machine, services]) => [machine, services.flatMap(({ names }) => names)]));
}

/** Adds the missing instances to a machine's facts. */
export function withMissing(facts: MachineFacts, names: readonly string[] = []): MachineFacts {
  if ("cause" in facts) return facts;
  const there = new Set(facts.instances.map(({ name }) => name));
  const missing = names
    .filter((name) => !there.has(name))
    .map((name) => ({ name, state: "missing", health: "", image: "", fine: false }));
  return { ...facts, instances: [...facts.instances, ...missing] };
}

async function onEngines(prefix: string, settings: Settings): Promise<Facts> {
  const wanted = expected(settings);
  const found = await factsOfEngines(prefix, settings);
  const whole = found.map((facts) => withMissing(facts, wanted.get(facts.name)));
  const flower = ["docker", "exec", `${prefix}-flower`] as const;
  return {
    machines: whole,
    tasks: await taskFacts(flower, whole, homeOf("flower", machinesOf(settings))),
  };
}

async function inCluster(stack: Stack): Promise<Facts> {
  const flags = namespaceFlags(stack);
  const machines = await clusterFacts(flags);
  const flower = ["kubectl", ...flags, "exec", "deployment/flower", "--"] as const;
  return { machines, tasks: await taskFacts(flower, machines) };
}

if (import.meta.main) {
  await main(async () => {
    const { flags } = commandLine("status");
    const stack = new Stack(flags.stack ?? "dev");
    stack.check();
    const settings = readStackFile(stack.file);
    const facts =
      settings.platform === "kubernetes"
        ? await inCluster(stack)
        : await onEngines(`airflow-${stack.name}`, settings);
    console.log(statusTable(facts, new Date()));
    const found = troubles(facts);
    if (found.length > 0) throw new Error(`\nNot as it should be: ${found.join("; ")}.`);
  });
}
