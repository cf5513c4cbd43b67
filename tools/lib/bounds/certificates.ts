import { gatewaySecrets } from "../../../platforms/docker/gateway.ts";
import { earliestEnd, fileEnds } from "../../../settings/model/certificates.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { secretsDirectory } from "../../../workload.ts";
import { type MachineFacts, runningOf } from "../status/facts.ts";
import type { Exec } from "../status/inside.ts";

/** Days before the end of a certificate from which on there is a warning. */
const warningDays = 30;

/** The end of a certificate. */
export interface Ending {
  /** Key of the stack file, or the certificate's place on a machine. */
  readonly what: string;
  readonly end: Date;
  readonly remedy: string;
}

/** Returns the earliest end of the certificates in a text; none if there is no certificate. */
function endings(what: string, pem: string, remedy: string): Ending[] {
  const end = earliestEnd(pem);
  return end === undefined ? [] : [{ what, end, remedy }];
}

/** Lists the ends of the certificates that a stack file names. */
export function fileEndings(settings: Settings): Ending[] {
  const remedy = "replace the file, then npm run up";
  return fileEnds(settings).map(([what, end]) => ({ what, end, remedy }));
}

/** Lists the ends of the gateways' certificates, which precede their keys in a file; machines that are down are left out. */
export async function gatewayEndings(machines: readonly MachineFacts[], exec: Exec): Promise<Ending[]> {
  const found = machines.map(async (machine) => {
    const gateway = runningOf([machine], "gateway");
    if (!gateway) return [];
    const first = ["sed", "/END CERTIFICATE/q", `${secretsDirectory}/${gatewaySecrets.machine}`];
    const { text, complaint } = await exec(machine.name, gateway.name, first);
    const what = `the certificate of the gateway on ${machine.name}`;
    return complaint === undefined ? endings(what, text, "npm run up renews it") : [];
  });
  return (await Promise.all(found)).flat();
}

/** Returns the whole days until a time; negative after it. */
export function daysUntil(end: Date, now: Date): number {
  return Math.floor((end.getTime() - now.getTime()) / 86_400_000);
}

/** Warns of certificates that have expired, or will in a month. */
export function endingWarnings(all: readonly Ending[], now: Date): string[] {
  return all.flatMap(({ what, end, remedy }) => {
    const days = daysUntil(end, now);
    if (days >= warningDays) return [];
    const when = days < 0 ? "expired" : `ends in ${days} d,`;
    return [`${what} ${when} on ${end.toISOString().slice(0, 10)}: ${remedy}`];
  });
}
