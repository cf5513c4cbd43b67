import { counted, type MachineSettings } from "../machines.ts";
import type { Stated } from "../schema.ts";
import type { Fault } from "./fault.ts";

/** How a machine is told from others, by platform. */
const kinds = {
  docker: ["docker", "address", "certificates", "roles"],
  kubernetes: ["node", "labels"],
} as const;

function fault(at: number, key: keyof MachineSettings, message: string): Fault {
  return { path: ["machines", at, key], message };
}

function ofDocker(machine: MachineSettings, at: number): Fault[] {
  const { docker, address, certificates } = machine;
  const tcp = docker?.startsWith("tcp://");
  return [
    ...(docker === undefined
      ? [fault(at, "docker", "allowed are unix:///PATH, ssh://USER@HOST and tcp://HOST:PORT")]
      : []),
    ...(address === undefined
      ? [fault(at, "address", "allowed is the IPv4 address at which the other machines reach it")]
      : []),
    ...(tcp && certificates === undefined
      ? [fault(at, "certificates", "tcp:// needs a directory with ca.pem, cert.pem and key.pem")]
      : []),
    ...(docker !== undefined && !tcp && certificates !== undefined
      ? [fault(at, "certificates", "only tcp:// has certificates")]
      : []),
  ];
}

function ofKubernetes({ node, labels }: MachineSettings, at: number): Fault[] {
  return (node === undefined) === (labels === undefined)
    ? [
        {
          path: ["machines", at],
          message: "allowed is either node, a node's name, or labels that nodes have",
        },
      ]
    : [];
}

/** By which each machine reaches itself. */
function loopback(machines: readonly MachineSettings[]): Fault[] {
  if (machines.length < 2) return [];
  return machines.flatMap(({ address }, at) =>
    address?.startsWith("127.")
      ? [fault(at, "address", "allowed is one that the others reach: that of its network")]
      : [],
  );
}

/** What should be a machine's own and is another one's too. */
function shared(machines: readonly MachineSettings[]): Fault[] {
  return (["name", "docker", "address", "node"] as const).flatMap((key) =>
    machines.flatMap((machine, at) => {
      const first = machines.findIndex((other) => other[key] === machine[key]);
      if (machine[key] === undefined || first === at) return [];
      return [fault(at, key, `machines[${first}] has the same: allowed is each machine once`)];
    }),
  );
}

function twiceGiven(machines: readonly MachineSettings[]): Fault[] {
  return machines.flatMap(({ roles = [] }, at) =>
    roles.flatMap((role, index) => {
      const first = machines.findIndex((other) => other.roles?.includes(role));
      if (first === at && roles.indexOf(role) === index) return [];
      const path = ["machines", at, "roles", index];
      return [{ path, message: `machines[${first}] has it: allowed is each role once` }];
    }),
  );
}

function machineFaults(machines: readonly MachineSettings[], platform: Stated["platform"]): Fault[] {
  const other = platform === "docker" ? "kubernetes" : "docker";
  const foreign = machines.flatMap((machine, at) =>
    kinds[other]
      .filter((key) => machine[key] !== undefined)
      .map((key) => fault(at, key, `it needs platform: ${other}`)),
  );
  const own = machines.flatMap(platform === "docker" ? ofDocker : ofKubernetes);
  return [...foreign, ...own, ...loopback(machines), ...shared(machines), ...twiceGiven(machines)];
}

/** Faults of what is said about places: machines, and workers and groups that run there. */
export function placementFaults(parsed: Stated): Fault[] {
  const faults: Fault[] = [];
  const { machines = [], workerGroups } = parsed;
  for (const other of ["workers", "workerAutoscale"] as const) {
    if (parsed.machines && parsed[other] !== undefined) {
      faults.push({
        path: [other],
        message: "allowed is either this or machines, which count workers of their own",
      });
    }
  }
  const known = machines.map(({ name }) => name);
  workerGroups.forEach((group, at) => {
    const { name, machine, workers, autoscale } = group;
    if (machine !== undefined && !known.includes(machine)) {
      const names = known.join(", ") || "none, since the stack has no machines";
      faults.push({
        path: ["workerGroups", at, "machine"],
        message: `allowed is a name in machines: ${names}`,
      });
    }
    if (workers !== undefined && autoscale) {
      faults.push({ path: ["workerGroups", at, "workers"], message: "allowed is either this or autoscale" });
    }
    if (!machines.some((one) => name in counted(one))) return;
    for (const key of ["workers", "machine", "autoscale"] as const) {
      if (group[key] === undefined) continue;
      faults.push({
        path: ["workerGroups", at, key],
        message: `allowed is either this or the counts of ${name} in machines`,
      });
    }
  });
  if (parsed.workers !== undefined && parsed.workerAutoscale) {
    faults.push({ path: ["workers"], message: "allowed is either this or workerAutoscale" });
  }
  const taken = new Set(["default", ...known]);
  workerGroups.forEach(({ name }, at) => {
    if (taken.has(name))
      faults.push({ path: ["workerGroups", at, "name"], message: "allowed is a name of its own" });
    taken.add(name);
  });
  machines.forEach((machine, at) => {
    for (const group of Object.keys(counted(machine))) {
      const names = ["default", ...workerGroups.map(({ name }) => name)];
      if (names.includes(group)) continue;
      faults.push({
        path: ["machines", at, "workers", group],
        message: `allowed are the names of worker groups: ${names.join(", ")}`,
      });
    }
  });
  return [...faults, ...machineFaults(machines, parsed.platform)];
}
