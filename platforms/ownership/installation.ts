import crypto from "node:crypto";
import type * as pulumi from "@pulumi/pulumi";
import { DynamicResource, type StoredProvider } from "../../dynamicResource.ts";
import type { Values } from "../../workload.ts";
import { type Claim, installationLabel, installationName, type Look } from "./claims.ts";

interface Wanted {
  /** Ids of other installations whose data is taken over. */
  readonly adopted: readonly string[];
}

interface Held {
  /** The first one is the installation's own. */
  readonly ids: readonly string[];
}

function idsWith(known: readonly string[], adopted: readonly string[]): string[] {
  return [...new Set([...known, ...adopted])];
}

/** Mints an id once; what is adopted stays adopted. */
const minter: pulumi.dynamic.ResourceProvider<Wanted, Held> = {
  async create({ adopted }) {
    return { id: "installation", outs: { ids: idsWith([crypto.randomBytes(8).toString("hex")], adopted) } };
  },
  async diff(_id, { ids }, { adopted }) {
    return { changes: adopted.some((id) => !ids.includes(id)) };
  },
  async update(_id, { ids }, { adopted }) {
    return { outs: { ids: idsWith(ids, adopted) } };
  },
};

/** The minter as the state keeps it. */
export const stored: StoredProvider<Wanted, Held> = { provider: minter, functions: [idsWith] };

/**
 * Tells what this stack made from what another one made under the same names; protected, like the data that carries its id.
 * Everything with its label waits for it.
 */
class Installation extends DynamicResource<Wanted, Held> {
  declare readonly ids: pulumi.Output<readonly string[]>;

  /** @param adopted ids of other installations whose data is taken over */
  constructor(adopted: pulumi.Input<readonly string[]>, opts: pulumi.CustomResourceOptions) {
    super(stored, installationName, { adopted, ids: undefined }, { ...opts, protect: true });
  }

  /** For whatever this installation makes. */
  get labels(): Readonly<Record<string, pulumi.Output<string>>> {
    return { [installationLabel]: this.ids.apply(([own = ""]) => own) };
  }
}

/**
 * Labels of what a stack makes, once the names that it claims were looked at; none without a look.
 * @param claims all that are there when the program has declared its workloads, which it does in one go
 */
export function ownerLabels(
  look: Look | undefined,
  claims: readonly Claim[],
  parent: pulumi.Resource,
): Values {
  if (!look) return {};
  return new Installation(
    new Promise(setImmediate).then(() => look(claims)),
    { parent },
  ).labels;
}
