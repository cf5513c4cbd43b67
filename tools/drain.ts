import { clientEnvironment } from "../platforms/machines.ts";
import { run } from "./process.ts";

/** A resource of a stack's state. */
interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: { readonly host?: string; readonly certPath?: string };
}

/** A stack's state, as `pulumi stack export` has it. */
export interface Exported {
  readonly deployment?: { readonly resources?: readonly Resource[] };
}

/** A machine that a stack is still on. */
export interface Left {
  readonly name: string;
  readonly docker: string;
  readonly certificates?: string | undefined;
}

/** Machines of the state that the stack no longer lists; the first one's provider has the plain name. */
export function leftBehind({ deployment }: Exported, listed: readonly string[]): Left[] {
  return (deployment?.resources ?? []).flatMap(({ urn, type, inputs }) => {
    const [, name] = /::docker-([^:]+)$/.exec(urn) ?? [];
    const { host, certPath: certificates } = inputs ?? {};
    if (type !== "pulumi:providers:docker" || name === undefined || host === undefined) return [];
    return listed.includes(name) ? [] : [{ name, docker: host, certificates }];
  });
}

/**
 * Stops the workers of a machine, which finish their tasks first.
 * @param prefix in front of the names of the stack's containers
 * @throws Error when the machine does not answer
 */
export async function drain({ name, docker, certificates }: Left, prefix: string): Promise<void> {
  const env = clientEnvironment({ name, docker, certificates });
  const filter = `name=^/?${prefix}-worker-`;
  const listed = await run("docker", ["ps", "--quiet", "--filter", filter], { env }).catch((error) => {
    throw new Error(
      `The machine ${name}, which the stack no longer lists, does not answer, so that its workers cannot finish ` +
        `their tasks. Start it again, or, if it is gone for good: npm run forget -- ${name}\n${error.message}`,
    );
  });
  const workers = listed.split("\n").filter((id) => id !== "");
  if (workers.length === 0) return;
  console.log(`  ${name}: ${workers.length} worker(s) finish their tasks`);
  await run("docker", ["stop", ...workers], { env });
}
