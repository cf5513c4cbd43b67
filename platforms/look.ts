import * as pulumi from "@pulumi/pulumi";
import { capabilities, forPlatform } from "../capabilities.ts";
import { hasFlag } from "../deploymentFlags.ts";
import type { Settings } from "../settings/model/groups.ts";
import { checkEngines } from "./docker/needs.ts";
import { onEngines } from "./docker/ownership.ts";
import { checkCluster } from "./kubernetes/cluster/check.ts";
import { classFaults } from "./kubernetes/cluster/classes.ts";
import { resizingFaults } from "./kubernetes/cluster/resizing.ts";
import { contextFlags, inCluster } from "./kubernetes/ownership.ts";
import type { FindClaims, Found } from "./ownership/claims.ts";
import {
  absence,
  holdsData,
  missingData,
  missingDatabase,
  refusal,
  strangers,
  wholly,
} from "./ownership/judge.ts";
import type { KnownOwnership, StateResource } from "./ownership/known.ts";

/** Returns the name of the running stack, without organization where Pulumi does not pass that to a component provider. */
function ownName(): string {
  try {
    return [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
  } catch {
    return pulumi.getStack();
  }
}

/** Reads the resources of the running stack before anything is changed. */
export async function deployedResources(): Promise<readonly StateResource[]> {
  const stackName = ownName();
  const { outputs } = await pulumi.runtime.invoke(
    "pulumi:pulumi:readStackResourceOutputs",
    { stackName },
    {},
  );
  const byUrn: Readonly<Record<string, Omit<StateResource, "urn">>> = outputs ?? {};
  return Object.entries(byUrn).map(([urn, resource]) => ({ ...resource, urn }));
}

/** Explains which flag of the deployment the platform cannot follow; undefined if it follows all. */
export function unfollowedFlag({ platform }: Pick<Settings, "platform">): string | undefined {
  if (!hasFlag("at-once") || capabilities[platform].together) return;
  return "--at-once (AIRFLOW_AT_ONCE) does not apply to the workers of a group here: the cluster replaces them one at a time";
}

/**
 * Checks the engines, or the storage and the nodes of the cluster, before anything there is touched.
 * @param name prefix of the names of containers, and default name of the namespace
 * @param resources resources of the last deployment
 * @throws pulumi.RunError listing every fault
 */
export async function checkPlatform(
  settings: Settings,
  name: string,
  resources: readonly StateResource[],
): Promise<void> {
  const unfollowed = unfollowedFlag(settings);
  if (unfollowed !== undefined) await pulumi.log.warn(unfollowed);
  const check = forPlatform<typeof checkCluster>(settings.platform, {
    docker: checkEngines,
    kubernetes: checkCluster,
  });
  return check(settings, name, resources);
}

/** Makes a message immutable: Pulumi would prefix the name of the property that waits for the check. */
function immutableError({ message }: Error): pulumi.RunError {
  return Object.defineProperty(new pulumi.RunError(message), "message", {
    get: () => message,
    set: () => {},
  });
}

/** Warns instead of failing: a deployment to a cluster does not need kubectl. */
function ownerUnknown(kind: string, { message }: Error): readonly Found[] {
  pulumi.log.warn(`the owner of the stack's ${kind} was not checked: ${message}`);
  return [];
}

/** Lists what a state has of data that is not there, and that a deployment would begin anew. */
export function absentData(
  { postgres }: Pick<Settings, "postgres">,
  found: readonly Found[],
  known: KnownOwnership,
): readonly string[] {
  const missing = missingData(found, known, hasFlag("adopt"));
  return missing.length > 0 || postgres.url !== undefined ? missing : missingDatabase(found, known);
}

/**
 * Returns a check that claimed names are free, or the stack's own, that the data of the last deployment is there, and that a
 * cluster's volumes can become what is claimed; its error has commands for the stack of a name.
 */
export function lookFor(settings: Settings, known: KnownOwnership, stack: string): FindClaims {
  const { platform, kubernetes } = settings;
  const flags = contextFlags(kubernetes);
  const look: FindClaims = async (claims) => {
    const find = forPlatform<(onAbsence: () => void) => Promise<readonly Found[]>>(platform, {
      docker: (onAbsence) => onEngines(claims, onAbsence),
      kubernetes: (onAbsence) =>
        inCluster(claims, flags, (kind, error) => {
          onAbsence();
          return ownerUnknown(kind, error);
        }),
    });
    const { found, isWhole } = await wholly(find);
    const strange = strangers(found, known);
    const theirs = hasFlag("adopt") ? strange.filter((one) => !holdsData(one)) : strange;
    if (theirs.length > 0) throw new Error(refusal(theirs, stack));
    const missing = isWhole && !hasFlag("restore") ? absentData(settings, found, known) : [];
    if (missing.length > 0) throw new Error(absence(missing, stack));
    const faults = [
      ...(await resizingFaults(claims, found, known.sizes, flags)),
      ...(isWhole ? await classFaults(claims, found, flags) : []),
    ];
    if (faults.length > 0) throw new Error(faults.join("\n"));
    return [...new Set(strange.map(({ installation }) => installation))].filter((id) => id !== "").sort();
  };
  return (claims) =>
    look(claims).catch((error) => {
      throw immutableError(error);
    });
}
