import crypto from "node:crypto";
import type * as pulumi from "@pulumi/pulumi";
import { DynamicResource, type StoredProvider } from "../../dynamicResource.ts";
import type { Values } from "../../workload.ts";
import { type Claim, type FindClaims, installationLabel, installationName } from "./claims.ts";

interface Wanted {
  /** Ids of other installations whose data is taken over. */
  readonly adopted: readonly string[];
}

interface Held {
  /** Ids; the first one is the installation's own. */
  readonly ids: readonly string[];
}

function idsWith(known: readonly string[], adopted: readonly string[]): string[] {
  return [...new Set([...known, ...adopted])];
}

/** Mints an id once; adopted ids stay adopted. */
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

/** The minter in the form that the state keeps. */
export const stored: StoredProvider<Wanted, Held> = { provider: minter, functions: [idsWith] };

/**
 * Identifies what this stack made, as opposed to another stack's resources of the same names. Protected, like the data
 * that carries its id. Every resource with the label waits for this one.
 */
class Installation extends DynamicResource<Wanted, Held> {
  declare readonly ids: pulumi.Output<readonly string[]>;

  /** @param adopted ids of other installations whose data is taken over */
  constructor(adopted: pulumi.Input<readonly string[]>, opts: pulumi.CustomResourceOptions) {
    super(stored, installationName, { adopted, ids: undefined }, { ...opts, protect: true });
  }

  /** Labels for every resource of this installation. */
  get labels(): Readonly<Record<string, pulumi.Output<string>>> {
    return { [installationLabel]: this.ids.apply(([own = ""]) => own) };
  }
}

/**
 * Labels for a stack's resources, available once its claimed names were checked; empty without a look.
 * @param claims complete when the program has declared its workloads, which it does synchronously
 */
export function ownerLabels(
  look: FindClaims | undefined,
  claims: readonly Claim[],
  parent: pulumi.Resource,
): Values {
  if (!look) return {};
  return new Installation(
    new Promise(setImmediate).then(() => look(claims)),
    { parent },
  ).labels;
}
