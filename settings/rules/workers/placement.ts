import { capabilities, needs } from "../../../capabilities.ts";
import { isNoHost } from "../../model/addresses.ts";
import { counted, type MachineSettings } from "../../schema/machines.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Keys of a machine, by the ability that they need. */
const keysByAbility = {
  engines: ["docker", "address", "certificates", "roles"],
  nodes: ["node", "labels"],
} as const;

function machineFault(at: number, key: keyof MachineSettings, message: string): Fault {
  return { path: ["machines", at, key], message };
}

const needed = {
  docker: "expected unix:///PATH, ssh://USER@HOST or tcp://HOST:PORT",
  address: "expected the IPv4 address at which the other machines reach it",
} as const;

/** Requires the keys by which a Docker engine is reached. */
const engines = (Object.keys(needed) as (keyof typeof needed)[]).map((key) =>
  rule(["platform", "machines.*.name", `machines.*.${key}`], ({ platform, machines = [] }) =>
    machines.flatMap(([at, { [key]: value }]) =>
      capabilities[platform].engines && value === undefined ? [machineFault(at, key, needed[key])] : [],
    ),
  ),
);

const certificates = rule(
  ["platform", "machines.*.docker", "machines.*.certificates"],
  ({ platform, machines = [] }) =>
    machines.flatMap(([at, { docker, certificates }]) => {
      const isTcp = docker?.startsWith("tcp://");
      if (!capabilities[platform].engines || docker === undefined || isTcp === (certificates !== undefined))
        return [];
      const message = isTcp
        ? "tcp:// needs certificates: expected a directory with ca.pem, cert.pem and key.pem"
        : "only tcp:// uses certificates: expected no value; remove it";
      return [machineFault(at, "certificates", message)];
    }),
);

const nodes = rule(["platform", "machines.*.node", "machines.*.labels"], ({ platform, machines = [] }) =>
  machines.flatMap(([at, { node, labels }]) =>
    capabilities[platform].nodes && (node === undefined) === (labels === undefined)
      ? faultAt(["machines", at], "expected either node, a node's name, or labels that nodes have")
      : [],
  ),
);

/** Rejects keys of a machine that are for another platform. */
const foreign = (["engines", "nodes"] as const).flatMap((ability) =>
  keysByAbility[ability].map((key) =>
    rule(["platform", `machines.*.${key}`], ({ platform, machines = [] }) =>
      machines.flatMap(([at, { [key]: value }]) =>
        !capabilities[platform][ability] && value !== undefined
          ? [machineFault(at, key, needs(ability))]
          : [],
      ),
    ),
  ),
);

/** Rejects addresses among several machines at which no other machine can be reached, such as loopback ones. */
const loopback = rule(["machines.*.address"], ({ machines = [] }) =>
  machines.flatMap(([at, { address }]) =>
    machines.length > 1 && address !== undefined && isNoHost(address)
      ? [machineFault(at, "address", "expected an address at which the other machines reach this one")]
      : [],
  ),
);

/** Rejects a name, engine, address or node that another machine has too. */
const shared = (["name", "docker", "address", "node"] as const).map((key) =>
  rule([`machines.*.${key}`], ({ machines = [] }) =>
    machines.flatMap(([at, machine]) => {
      // Port 22 is that of ssh, with or without a word.
      const same = (value = "") => value.replace(/^(ssh:.*):22$/, "$1");
      const [first] = machines.find(([, other]) => same(other[key]) === same(machine[key])) ?? [];
      if (machine[key] === undefined || first === at) return [];
      return [machineFault(at, key, `machines[${first}] has the same: expected each machine once`)];
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
      : [{ path, message: `machines[${placed[first]?.at}] has this role too: expected each role once` }];
  });
});

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

const groupCounts = rule(
  [
    "machines.*.workers",
    "workerGroups.*.name",
    "workerGroups.*.workers",
    "workerGroups.*.machine",
    "workerGroups.*.autoscale",
  ],
  ({ machines = [], workerGroups }) =>
    workerGroups.flatMap(([at, group]) => {
      const { name, workers, autoscale } = group;
      const isCounted = machines.some(([, one]) => name in counted(one));
      const countedTwice =
        workers !== undefined && autoscale
          ? [{ path: ["workerGroups", at, "workers"], message: "expected either this or autoscale" }]
          : [];
      if (!isCounted) return countedTwice;
      const given = (["workers", "machine", "autoscale"] as const).filter((key) => group[key] !== undefined);
      const message = `expected either this or the counts of ${name} in machines`;
      return [...countedTwice, ...given.map((key) => ({ path: ["workerGroups", at, key], message }))];
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
  const usedNames = ["default", ...machines.map(([, { name }]) => name)];
  const groups = workerGroups.map(([, { name }]) => name);
  const message = "expected a name that no machine and no other group has";
  return workerGroups.flatMap(([at, { name }], nth) =>
    [...usedNames, ...groups.slice(0, nth)].includes(name)
      ? [{ path: ["workerGroups", at, "name"], message }]
      : [],
  );
});

const countedGroups = rule(["machines.*.workers", "workerGroups.name"], ({ machines = [], workerGroups }) => {
  const names = ["default", ...workerGroups.map(({ name }) => name)];
  const message = `expected the name of a worker group: ${names.join(", ")}`;
  return machines.flatMap(([at, machine]) =>
    Object.keys(counted(machine))
      .filter((group) => !names.includes(group))
      .map((group) => ({ path: ["machines", at, "workers", group], message })),
  );
});

/** Rules about machines, and about the workers and groups that run on them. */
export const placementRules = [
  counts,
  groupMachines,
  groupCounts,
  groupNames,
  countedGroups,
  ...engines,
  certificates,
  nodes,
  ...foreign,
  ...shared,
  twice,
  loopback,
];
