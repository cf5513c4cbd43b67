import { run } from "../../tools/process.ts";

export interface Container {
  readonly Id: string;
  readonly Name: string;
  readonly State: {
    readonly Status: string;
    readonly StartedAt: string;
    readonly Health?: { readonly Status: string };
  };
  readonly RestartCount: number;
}

/** Runs the Docker client; returns its standard output. */
export function docker(...args: string[]): Promise<string> {
  return run("docker", args);
}

/** What a container has said, on both streams. */
export function log(container: string): Promise<string> {
  return run("sh", ["-c", 'docker logs "$1" 2>&1', "log", container]);
}

/** The containers whose name starts so, by the rest of their name. */
export async function containers(prefix: string): Promise<Map<string, Container>> {
  const ids = (await docker("ps", "--all", "--quiet", "--no-trunc", "--filter", `name=^/${prefix}-`)).split(
    "\n",
  );
  const found = ids.filter((id) => id !== "");
  if (found.length === 0) return new Map();
  const inspected: Container[] = JSON.parse(await docker("inspect", ...found));
  return new Map(inspected.map((container) => [container.Name.slice(prefix.length + 2), container]));
}

/** Names of the containers that are not the same in both. */
export function replaced(before: Map<string, Container>, after: Map<string, Container>): string[] {
  return [...after.keys()].filter((name) => after.get(name)?.Id !== before.get(name)?.Id).sort();
}

/** Removes all containers, networks and volumes whose name starts so: what a test that was cut off has left. */
export async function sweep(name: string): Promise<void> {
  const kinds = [
    { list: ["container", "ls", "--all"], remove: ["container", "rm", "--force"] },
    { list: ["network", "ls"], remove: ["network", "rm"] },
    { list: ["volume", "ls"], remove: ["volume", "rm"] },
  ];
  for (const { list, remove } of kinds) {
    const ids = (await docker(...list, "--quiet", "--filter", `name=^/?${name}`)).trim();
    if (ids !== "") await docker(...remove, ...ids.split("\n"));
  }
}
