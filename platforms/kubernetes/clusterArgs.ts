import type { MachineSettings } from "../../settings/schema/machines.ts";
import type { Labels } from "../../workload.ts";
import type { FindClaims } from "../ownership/claims.ts";

/** Settings of a stack besides its cluster. */
export interface ClusterArgs {
  /** Nodes on which services may be placed, by name. */
  readonly machines?: readonly MachineSettings[] | undefined;
  /** Labels of every object of the stack. */
  readonly labels?: Labels;
  /** Public addresses by the names of services; no other service is exposed. */
  readonly addresses?: Readonly<Record<string, string | undefined>>;
  /** Checks that namespace and data are free or the stack's own; absent, no object carries an installation's id. */
  readonly look?: FindClaims | undefined;
}
