import { forPlatform } from "../capabilities.ts";
import { proofRequest } from "../components/canary/request.ts";
import { askCluster, askEngine } from "../platforms/ask.ts";
import { homeOf, type Machine, machineOf, machinesOf } from "../platforms/machines.ts";
import type { Settings } from "../settings/model/groups.ts";
import { backupTroubles, lastBackup } from "./lib/backup/report.ts";
import { type Backups, listBackups, placeOfBackups } from "./lib/backup/store.ts";
import { boundsOf, boundsTable, warnings } from "./lib/bounds/bounds.ts";
import { commandLine } from "./lib/commandLine/commandLine.ts";
import { print } from "./lib/commandLine/terminal.ts";
import { main } from "./lib/process.ts";
import { namespaceFlags } from "./lib/reach/kubernetes.ts";
import { Stack } from "./lib/stack.ts";
import { type Deployment, providerOf, type Resource, readState } from "./lib/state.ts";
import { clusterFacts } from "./lib/status/cluster.ts";
import { factsOfEngines, local } from "./lib/status/engine.ts";
import { taskFacts } from "./lib/status/flower.ts";
import { heldTasks, lastProof, unreadQueues, withHeld } from "./lib/status/queues.ts";
import { type Facts, type MachineFacts, statusTable, troubles } from "./lib/status/table.ts";

/** Containers in the state of a stack on Docker, by machine. */
export function expected(
  { deployment: { resources = [] } }: Deployment,
  prefix: string,
  machines: readonly Machine[],
): ReadonlyMap<string, readonly string[]> {
  const containers = resources.filter(
    (one) => one.type === "docker:index/container:Container" && !one.delete,
  );
  const placed = Map.groupBy(containers, (one) => machineOf(providerOf(one), machines)?.name ?? local);
  const nameIn = ({ inputs }: Resource) => String(inputs?.name).slice(prefix.length + 1);
  return new Map([...placed].map(([machine, there]) => [machine, there.map(nameIn)]));
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

async function onEngines(stack: Stack, settings: Settings): Promise<Omit<Facts, "unread">> {
  const { prefix } = stack;
  const machines = machinesOf(settings);
  const [state, found] = await Promise.all([readState(stack), factsOfEngines(prefix, settings)]);
  const wanted = expected(state, prefix, machines);
  const whole = found.map((facts) => withMissing(facts, wanted.get(facts.name)));
  const home = homeOf("flower", machines);
  const tasks = await taskFacts(
    (command, seconds) => askEngine(home, ["exec", `${prefix}-flower`, ...command], seconds),
    whole,
  );
  return { machines: whole, tasks };
}

async function inCluster(stack: Stack): Promise<Omit<Facts, "unread">> {
  const flags = namespaceFlags(stack);
  const machines = await clusterFacts(flags);
  const inFlower = [...flags, "exec", "deployment/flower", "--"];
  const tasks = await taskFacts(
    (command, seconds) => askCluster([...inFlower, ...command], seconds),
    machines,
  );
  return { machines, tasks };
}

/** Reads a stack's backups; undefined if it has none, or their container does not answer. */
async function knownBackups(stack: Stack, settings: Settings): Promise<Backups | undefined> {
  if (!settings.backup) return undefined;
  return placeOfBackups(stack, settings)
    .then(listBackups)
    .catch(() => undefined);
}

if (import.meta.main) {
  await main(async () => {
    const { flags } = commandLine("status");
    const stack = new Stack(flags.stack);
    const settings = stack.deployed();
    const look = forPlatform(settings.platform, { docker: onEngines, kubernetes: inCluster });
    const [{ machines, tasks: known }, held, bounds, backups] = await Promise.all([
      look(stack, settings),
      heldTasks(stack),
      boundsOf(stack, settings),
      knownBackups(stack, settings),
    ]);
    const tasks = withHeld(known, held);
    const facts = { machines, tasks, unread: unreadQueues(tasks, proofRequest(settings, false).groups) };
    const now = new Date();
    print(`${statusTable(facts, now)}\n\n${boundsTable(bounds, now)}`);
    const soon = warnings(bounds, now);
    if (soon.length > 0) print(`\nSoon to be seen to:\n${soon.map((line) => `  ${line}`).join("\n")}`);
    const proof = lastProof(held);
    const backup = lastBackup(backups, now);
    for (const line of [proof, backup]) if (line !== undefined) print(`\n${line}`);
    const found = troubles(facts);
    if (settings.backup) found.push(...backupTroubles(backups, settings.backup.every, now));
    // Without a canary, the last proof may be old.
    if (settings.canary && proof?.includes("FAILED")) found.push("the last proof failed");
    if (found.length > 0) throw new Error(`\nNot as it should be: ${found.join("; ")}.`);
  });
}
