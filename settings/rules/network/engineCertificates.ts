import { readFileSync } from "node:fs";
import { join } from "node:path";
import { certificateProblem, certificatesIn, keyProblem } from "../../model/certificates.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Reads a file; undefined if the file does not exist, or this user may not read it. */
function readIn(folder: string, file: string): string | undefined {
  try {
    return readFileSync(join(folder, file), "utf8");
  } catch {
    return;
  }
}

/** Explains what is wrong with a directory of certificates; undefined if nothing is. */
function folderProblem(folder: string): string | undefined {
  const files = ["ca.pem", "cert.pem", "key.pem"] as const;
  const missing = files.find((file) => readIn(folder, file) === undefined);
  if (missing) return `it has no ${missing} that this user may read`;
  const [authorities = "", certificate = "", key = ""] = files.map((file) => readIn(folder, file));
  const authoritiesFault = certificateProblem(authorities);
  if (authoritiesFault !== undefined) return `ca.pem: ${authoritiesFault}`;
  const certificateFault = certificateProblem(certificate);
  if (certificateFault !== undefined) return `cert.pem: ${certificateFault}`;
  const [own] = certificatesIn(certificate);
  const keyFault = own && keyProblem(key, own);
  return keyFault && `key.pem: ${keyFault}`;
}

/** Rejects TLS certificates with which a Docker engine cannot be reached. */
export const engineCertificateRule = rule(
  ["machines.*.docker", "machines.*.certificates"],
  ({ machines = [] }) =>
    machines.flatMap(([at, { docker = "", certificates: folder }]) => {
      const problem = folder !== undefined && docker.startsWith("tcp://") ? folderProblem(folder) : undefined;
      const message = `${problem}: expected ca.pem with the engine's authority, cert.pem with a certificate that is valid now, and key.pem with its key`;
      return faultAt(["machines", at, "certificates"], problem && message);
    }),
);
