import type { Declared } from "../unit/mocks.ts";
import { containersOf } from "../unit/mocks.ts";
import type { Facts } from "./facts.ts";

interface Container {
  readonly image: string;
  readonly entrypoints: readonly string[];
  readonly command?: readonly string[];
  readonly user: string;
  readonly groupAdds?: readonly string[];
  readonly envs: readonly string[];
  readonly uploads: readonly {
    readonly file: string;
    readonly content: string;
    readonly permissions: string;
  }[];
  readonly mounts: readonly {
    readonly target: string;
    readonly source: string;
    readonly type: string;
    readonly readOnly?: boolean;
  }[];
  readonly memory: number;
  readonly memorySwap: number;
  readonly shmSize?: number;
  readonly cpuPeriod: number;
  readonly cpuQuota: number;
  readonly privileged?: boolean;
  readonly readOnly?: boolean;
  readonly tmpfs?: Readonly<Record<string, string>>;
  readonly capabilities: { readonly adds?: readonly string[]; readonly drops: readonly string[] };
  readonly securityOpts: readonly string[];
  readonly healthcheck?: { readonly tests: readonly string[] };
  readonly init?: boolean;
  readonly stopSignal: string;
  readonly stopTimeout: number;
  readonly destroyGraceSeconds: number;
  readonly restart: string;
}

function environment({ envs }: Container): Facts {
  return Object.fromEntries(
    envs.map((env) => {
      const [name = "", ...value] = env.split("=");
      return [`env ${name}`, value.join("=")];
    }),
  );
}

function files({ uploads }: Container): Facts {
  return Object.fromEntries(
    uploads.flatMap(({ file, content, permissions }) => [
      [`file ${file}`, content],
      [`mode of ${file}`, permissions],
    ]),
  );
}

function volumes({ mounts }: Container, prefix: string): Facts {
  return Object.fromEntries(
    mounts.map(({ target, source, type, readOnly }) => [
      `volume ${target}`,
      `${type === "volume" ? source.replace(`${prefix}-`, "") : `${type} ${source}`}, ${readOnly ? "read-only" : "writable"}`,
    ]),
  );
}

function security({ privileged, capabilities, securityOpts, user, groupAdds = [] }: Container): Facts {
  const [uid = "", gid = ""] = user.split(":");
  const seccomp = securityOpts.find((option) => option.startsWith("seccomp"));
  return {
    user: uid,
    group: gid,
    "further groups": groupAdds.join(),
    privileged: String(privileged ?? false),
    "dropped capabilities": capabilities.drops.join(),
    "added capabilities": (capabilities.adds ?? []).join(),
    "no new privileges": String(securityOpts.includes("no-new-privileges:true")),
    seccomp: seccomp ?? "the runtime's",
  };
}

/** @param tests the health check, with the arguments of `probe.sh` */
export function containerHealth(tests: readonly string[] | undefined): Facts {
  if (!tests) return {};
  const [, , , script = "", , start, longest, every, , patience, , , ...command] = tests;
  return {
    "health command": JSON.stringify(command),
    "health: seconds for a start": String(start),
    "health: seconds for a slow start": String(longest),
    "health: seconds between checks": String(every),
    "health: seconds for a check": /timeout (\d+)/.exec(script)?.[1] ?? "any",
    "health: checks that fail before a restart": String(Math.ceil(Number(patience) / Number(every))),
  };
}

/** Stop signal and grace, of the engine and of the health check. */
export function containerStop(
  signal: string,
  graces: readonly number[],
  tests: readonly string[] | undefined,
): Facts {
  const [name, grace] = tests?.slice(10, 12) ?? [];
  const distinct = (...all: readonly unknown[]) => [...new Set(all.filter(Boolean).map(String))].join();
  return {
    "stop: signal": distinct(signal, name && `SIG${name}`),
    "stop: seconds of grace": distinct(...graces, grace),
    "stop: seconds before the signal": "0",
  };
}

/** Facts about the first container of each workload, by workload. */
export function containerFacts(declared: readonly Declared[], prefix: string): Map<string, Facts> {
  const all = new Map<string, Facts>();
  for (const [instance, inputs] of containersOf(declared)) {
    const workload = instance.replace(/-\d+$/, "");
    if (all.has(workload)) continue;
    const container = inputs as unknown as Container;
    const { image, entrypoints, command = [], memory, memorySwap, shmSize = 64 } = container;
    const tests = container.healthcheck?.tests;
    const graces = [container.stopTimeout, container.destroyGraceSeconds];
    all.set(workload, {
      image,
      command: JSON.stringify([...entrypoints, ...command]),
      "in front of the command": "",
      "memory, MiB": String(memory),
      "swap, MiB": String(memorySwap - memory),
      "/dev/shm, MiB": String(shmSize),
      "cpu, cores": String(container.cpuQuota / container.cpuPeriod),
      "root file system": container.readOnly ? "read-only" : "writable",
      "process 1": container.init ? "an init" : "the command",
      restarted: container.restart === "no" ? "never" : "always",
      ...environment(container),
      ...files(container),
      ...volumes(container, prefix),
      ...security(container),
      ...containerHealth(tests),
      ...containerStop(container.stopSignal, graces, tests),
    });
  }
  return all;
}
