import { counted, type MachineSettings } from "../../schema/machines.ts";
import type { ParsedConfig } from "../../schema/schema.ts";
import type { Check, Fault } from "../fault.ts";
import { each } from "../readable.ts";

/** Keys of a machine that only one platform has. */
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
      ? [fault(at, "docker", "expected unix:///PATH, ssh://USER@HOST and tcp://HOST:PORT")]
      : []),
    ...(address === undefined
      ? [fault(at, "address", "expected the IPv4 address at which the other machines reach it")]
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
          message: "expected either node, a node's name, or labels that nodes have",
        },
      ]
    : [];
}

/** Rejects loopback addresses among several machines: each machine would reach only itself. */
function loopback(machines: readonly MachineSettings[]): Fault[] {
  if (machines.length < 2) return [];
  return machines.flatMap(({ address }, at) =>
    address?.startsWith("127.")
      ? [fault(at, "address", "expected one that the others reach: that of its network")]
      : [],
  );
}

/** Rejects a name, engine, address or node that another machine has too. */
function shared(machines: readonly MachineSettings[]): Fault[] {
  return (["name", "docker", "address", "node"] as const).flatMap((key) =>
    machines.flatMap((machine, at) => {
      const first = machines.findIndex((other) => other[key] === machine[key]);
      if (machine[key] === undefined || first === at) return [];
      return [fault(at, key, `machines[${first}] has the same: expected each machine once`)];
    }),
  );
}

function twiceGiven(machines: readonly MachineSettings[]): Fault[] {
  return machines.flatMap(({ roles = [] }, at) =>
    roles.flatMap((role, index) => {
      const first = machines.findIndex((other) => other.roles?.includes(role));
      if (first === at && roles.indexOf(role) === index) return [];
      const path = ["machines", at, "roles", index];
      return [{ path, message: `machines[${first}] has it: expected each role once` }];
    }),
  );
}

function ofPlatform(machine: MachineSettings, at: number, platform: ParsedConfig["platform"]): Fault[] {
  const other = platform === "docker" ? "kubernetes" : "docker";
  const foreign = kinds[other]
    .filter((key) => machine[key] !== undefined)
    .map((key) => fault(at, key, `it needs platform: ${other}`));
  return [...foreign, ...(platform === "docker" ? ofDocker : ofKubernetes)(machine, at)];
}

/** Rejects a count of workers in more than one place. */
const counts: Check = ({ machines, workers, workerAutoscale }) => {
  const others = { workers, workerAutoscale };
  if (machines) {
    const message = "expected either this or machines, which count workers of their own";
    const given = Object.entries(others).filter(([, value]) => value !== undefined);
    return given.map(([other]) => ({ path: [other], message }));
  }
  if (workers === undefined || !workerAutoscale) return [];
  return [{ path: ["workers"], message: "expected either this or workerAutoscale" }];
};

const groupCounts: Check = ({ machines = [], workerGroups }) =>
  each(workerGroups, (group, at) => {
    const { name, workers, autoscale } = group;
    const isCounted = machines.some((one) => name in counted(one));
    const both =
      workers !== undefined && autoscale
        ? [{ path: ["workerGroups", at, "workers"], message: "expected either this or autoscale" }]
        : [];
    if (!isCounted) return both;
    const given = (["workers", "machine", "autoscale"] as const).filter((key) => group[key] !== undefined);
    const message = `expected either this or the counts of ${name} in machines`;
    return [...both, ...given.map((key) => ({ path: ["workerGroups", at, key], message }))];
  });

const groupMachines: Check = ({ machines = [], workerGroups }) => {
  const known = machines.map(({ name }) => name);
  const names = known.join(", ") || "none, since the stack has no machines";
  return each(workerGroups, ({ machine }, at) =>
    machine === undefined || known.includes(machine)
      ? []
      : [{ path: ["workerGroups", at, "machine"], message: `expected a name in machines: ${names}` }],
  );
};

const groupNames: Check = ({ machines = [], workerGroups }) => {
  const taken = ["default", ...machines.map(({ name }) => name)];
  const groups = workerGroups.map(({ name }) => name);
  return groups.flatMap((name, at) =>
    [...taken, ...groups.slice(0, at)].includes(name)
      ? [{ path: ["workerGroups", at, "name"], message: "expected a name of its own" }]
      : [],
  );
};

const countedGroups: Check = ({ machines = [], workerGroups }) => {
  const names = ["default", ...workerGroups.map(({ name }) => name)];
  const message = `expected the names of worker groups: ${names.join(", ")}`;
  return each(machines, (machine, at) =>
    Object.keys(counted(machine))
      .filter((group) => !names.includes(group))
      .map((group) => ({ path: ["machines", at, "workers", group], message })),
  );
};

const places: Check = ({ machines = [], platform }) =>
  each(machines, (machine, at) => ofPlatform(machine, at, platform));

/** Checks of machines, and of the workers and groups that run there. */
export const placementFaults: readonly Check[] = [
  counts,
  groupMachines,
  groupCounts,
  groupNames,
  countedGroups,
  places,
  ({ machines = [] }) => shared(machines),
  ({ machines = [] }) => twiceGiven(machines),
  ({ machines = [] }) => loopback(machines),
];
