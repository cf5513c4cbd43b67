import type * as pulumi from "@pulumi/pulumi";
import type { Turns } from "../workload.ts";

/** Resolves once a resource is deployed; in a preview, at once. */
function settled({ urn }: pulumi.Resource): Promise<void> {
  return new Promise((resolve) => {
    urn.apply(() => resolve());
  });
}

/**
 * Makes deployed instances update in turns. The wait is not a dependency: new or removed instances do not wait for the
 * others.
 */
export class Rota {
  private readonly lines = new Map<string, pulumi.Resource[]>();

  /**
   * Declares instances, which wait for their turn if they must.
   * @param names instances that the resource stands for
   * @param declare receives the promise to wait for, if there is one
   */
  take<T extends pulumi.Resource>(
    turns: Turns | undefined,
    names: readonly string[],
    declare: (turn?: Promise<void>) => T,
  ): T {
    if (!turns || !names.some((name) => turns.deployed.includes(name))) return declare();
    const line = this.lines.get(turns.key) ?? [];
    this.lines.set(turns.key, line);
    const before = line.at(-turns.atOnce);
    const declared = declare(before && settled(before));
    line.push(declared);
    return declared;
  }
}
