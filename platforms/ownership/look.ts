import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/groups.ts";
import type { Found, Look } from "./claims.ts";
import { inCluster } from "./cluster.ts";
import { onEngines } from "./engines.ts";
import { holdsData, refusal, strangers } from "./judge.ts";
import type { Known } from "./known.ts";

/** Whether data of other installations may be taken over: `--adopt` says so. */
function adopts(): boolean {
  return process.env.AIRFLOW_ADOPT === "true";
}

/** Keeps its message: Pulumi would put the name of the property in front that waits for the look. */
function refused(message: string): pulumi.RunError {
  return Object.defineProperty(new pulumi.RunError(message), "message", {
    get: () => message,
    set: () => {},
  });
}

/** A cluster can be deployed to without kubectl. */
function untold({ message }: Error): readonly Found[] {
  pulumi.log.warn(`whose namespace and data it is was not looked at: ${message}`);
  return [];
}

/** @param stack its name, for commands that the refusal advises */
export function lookFor({ platform, kubernetes }: Settings, known: Known, stack: string): Look {
  const context = kubernetes?.context === undefined ? [] : ["--context", kubernetes.context];
  return async (claims) => {
    const found = platform === "docker" ? onEngines(claims) : inCluster(claims, context).catch(untold);
    const strange = strangers(await found, known);
    const theirs = adopts() ? strange.filter((one) => !holdsData(one)) : strange;
    if (theirs.length > 0) throw refused(refusal(theirs, stack));
    return [...new Set(strange.map(({ installation }) => installation))].filter((id) => id !== "").sort();
  };
}
