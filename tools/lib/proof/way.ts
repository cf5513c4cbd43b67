import { capabilities, forPlatform } from "../../../capabilities.ts";
import { several } from "../../../components/roles/role.ts";
import { selector } from "../../../platforms/kubernetes/pod.ts";
import { clientEnvironment, homeOf, machinesOf } from "../../../platforms/machines.ts";
import { type Role, type RoleFacts, rolesWhere, roleTable } from "../../../roles.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { majorOf } from "../../../settings/schema/versions.ts";
import { instances } from "../../../workload.ts";
import { run } from "../process.ts";
import { namespaceFlags } from "../reach/kubernetes.ts";
import type { Stack } from "../stack.ts";

/** A command that runs another command in a role's container. */
export interface Way {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

/** Returns the role that reads a stack's DAG files. */
export function readerOf({ version }: Pick<Settings, "version">): Role {
  const [reader] = rolesWhere(({ readsDags }) => readsDags?.includes(majorOf(version)) ?? false);
  if (!reader) throw new Error(`No role of Airflow ${version} reads DAG files.`);
  return reader;
}

/** Returns the way into the first container of a role, with an open standard input. */
export function wayTo(stack: Stack, settings: Settings, role: Role): Way {
  const way = forPlatform(settings.platform, { docker: onEngine, kubernetes: inCluster });
  return way(stack, settings, role);
}

function inCluster(stack: Stack, _settings: Settings, role: Role): Way {
  const flags = namespaceFlags(stack);
  return { command: ["kubectl", ...flags, "exec", "--stdin", `deployment/${role}`, "--"], env: {} };
}

function onEngine(stack: Stack, settings: Settings, role: Role): Way {
  const { countedBy }: RoleFacts = roleTable[role];
  const [name] = instances(role, several(countedBy === undefined ? 1 : settings[countedBy]));
  return {
    command: ["docker", "exec", "--interactive", `${stack.prefix}-${name}`],
    env: clientEnvironment(homeOf(role, machinesOf(settings))),
  };
}

/**
 * Returns the way into the running container of a workload that is no role.
 * @throws Error if it does not run
 */
export async function wayInto(stack: Stack, settings: Settings, workload: string): Promise<Way> {
  if (capabilities[settings.platform].engines) {
    const container = `${stack.prefix}-${workload}`;
    return {
      command: ["docker", "exec", "--interactive", container],
      env: clientEnvironment(homeOf(workload, machinesOf(settings))),
    };
  }
  const flags = namespaceFlags(stack);
  const labels = Object.entries(selector(workload)).map(([label, value]) => `${label}=${value}`);
  const running = [
    "--selector",
    labels.join(),
    "--field-selector",
    "status.phase=Running",
    "--output",
    "name",
  ];
  const pod = (await run("kubectl", [...flags, "get", "pods", ...running])).split("\n")[0];
  if (!pod) throw new Error(`No pod of ${workload} runs in stack ${stack.name}.`);
  return { command: ["kubectl", ...flags, "exec", "--stdin", pod, "--"], env: {} };
}
