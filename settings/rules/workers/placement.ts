import { counted, type MachineSettings } from "../../schema/machines.ts";
import type { ParsedConfig } from "../../schema/schema.ts";
import type { Fault } from "../fault.ts";
import { rule } from "../rule.ts";

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
const loopback = rule(["machines.*.address"], ({ machines = [] }) =>
  machines.flatMap(([at, { address }]) =>
    machines.length > 1 && address?.startsWith("127.")
      ? [fault(at, "address", "expected one that the others reach: that of its network")]
      : [],
  ),
);

/** Rejects a name, engine, address or node that another machine has too. */
const shared = (["name", "docker", "address", "node"] as const).map((key) =>
  rule([`machines.*.${key}`], ({ machines = [] }) =>
    machines.flatMap(([at, machine]) => {
      const [first] = machines.find(([, other]) => other[key] === machine[key]) ?? [];
      if (machine[key] === undefined || first === at) return [];
      return [fault(at, key, `machines[${first}] has the same: expected each machine once`)];
    }),
  ),
);

/** Rejects a role that is placed twice. */
const twice = rule(["machines.*.roles.*"], ({ machines = [] }) => {
  const placed = machines.flatMap(([at, { roles = [] }]) =>
    roles.map(([index, role]) => ({ at, role, path: ["machines", at, "roles", index] })),
  );
  return placed.flatMap(({ role, path }, nth) => {
    const first = placed.findIndex((other) => other.role === role);
    return first === nth
      ? []
      : [{ path, message: `machines[${placed[first]?.at}] has it: expected each role once` }];
  });
});

function ofPlatform(machine: MachineSettings, at: number, platform: ParsedConfig["platform"]): Fault[] {
  const other = platform === "docker" ? "kubernetes" : "docker";
  const foreign = kinds[other]
    .filter((key) => machine[key] !== undefined)
    .map((key) => fault(at, key, `it needs platform: ${other}`));
  return [...foreign, ...(platform === "docker" ? ofDocker : ofKubernetes)(machine, at)];
}

const places = rule(["platform", "machines.*"], ({ machines = [], platform }) =>
  machines.flatMap(([at, machine]) => ofPlatform(machine, at, platform)),
);

/** Rejects a count of workers in more than one place. */
const counts = rule([], (_, isGiven) => {
  if (isGiven("machines")) {
    const message = "expected either this or machines, which count workers of their own";
    const given = (["workers", "workerAutoscale"] as const).filter((key) => isGiven(key));
    return given.map((other) => ({ path: [other], message }));
  }
  return isGiven("workers") && isGiven("workerAutoscale")
    ? [{ path: ["workers"], message: "expected either this or workerAutoscale" }]
    : [];
});

const groupCounts = rule(["machines.*.workers", "workerGroups.*"], ({ machines = [], workerGroups }) =>
  workerGroups.flatMap(([at, group]) => {
    const { name, workers, autoscale } = group;
    const isCounted = machines.some(([, one]) => name in counted(one));
    const both =
      workers !== undefined && autoscale
        ? [{ path: ["workerGroups", at, "workers"], message: "expected either this or autoscale" }]
        : [];
    if (!isCounted) return both;
    const given = (["workers", "machine", "autoscale"] as const).filter((key) => group[key] !== undefined);
    const message = `expected either this or the counts of ${name} in machines`;
    return [...both, ...given.map((key) => ({ path: ["workerGroups", at, key], message }))];
  }),
);

const groupMachines = rule(["machines.name", "workerGroups.*.machine"], ({ machines = [], workerGroups }) => {
  const known = machines.map(({ name }) => name);
  const names = known.join(", ") || "none, since the stack has no machines";
  return workerGroups.flatMap(([at, { machine }]) =>
    machine === undefined || known.includes(machine)
      ? []
      : [{ path: ["workerGroups", at, "machine"], message: `expected a name in machines: ${names}` }],
  );
});

const groupNames = rule(["machines.*.name", "workerGroups.*.name"], ({ machines = [], workerGroups }) => {
  const taken = ["default", ...machines.map(([, { name }]) => name)];
  const groups = workerGroups.map(([, { name }]) => name);
  return workerGroups.flatMap(([at, { name }], nth) =>
    [...taken, ...groups.slice(0, nth)].includes(name)
      ? [{ path: ["workerGroups", at, "name"], message: "expected a name of its own" }]
      : [],
  );
});

const countedGroups = rule(["machines.*.workers", "workerGroups.name"], ({ machines = [], workerGroups }) => {
  const names = ["default", ...workerGroups.map(({ name }) => name)];
  const message = `expected the names of worker groups: ${names.join(", ")}`;
  return machines.flatMap(([at, machine]) =>
    Object.keys(counted(machine))
      .filter((group) => !names.includes(group))
      .map((group) => ({ path: ["machines", at, "workers", group], message })),
  );
});

/** Checks of machines, and of the workers and groups that run there. */
export const placementRules = [
  counts,
  groupMachines,
  groupCounts,
  groupNames,
  countedGroups,
  places,
  ...shared,
  twice,
  loopback,
];
