import { after } from "node:test";
import { docker } from "./docker.ts";
import { TestStack } from "./harness.ts";
import { converges } from "./killing.ts";

const stack = new TestStack("livetest-killed", 18130);

after(() => stack.remove());

/** Networks beside the first: two may have the same name. Containers and volumes cannot. */
async function unknown(): Promise<string[]> {
  const networks = await docker("network", "ls", "--quiet", "--filter", `name=^${stack.prefix}$`);
  return networks.trim().split("\n").slice(1);
}

converges(stack, unknown);
