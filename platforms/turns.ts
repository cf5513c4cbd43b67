import type * as pulumi from "@pulumi/pulumi";
import type { Turns } from "../workload.ts";

/** Resolves once a resource is as it is declared, in a preview at once. */
function settled({ urn }: pulumi.Resource): Promise<void> {
  return new Promise((resolve) => {
    urn.apply(() => resolve());
  });
}

/**
 * Lets instances that serve already wait for each other. The wait is no dependency: what is made anew, or removed, is
 * so at once, whatever the others do.
 */
export class Rota {
  private readonly lines = new Map<string, pulumi.Resource[]>();

  /**
   * Declares instances, when it is their turn if they have to wait for it.
   * @param names of the instances, one or all of those that the resource stands for
   * @param declare is told what to wait for, if there is something
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
