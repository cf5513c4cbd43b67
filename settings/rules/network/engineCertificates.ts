import { readFileSync } from "node:fs";
import { join } from "node:path";
import { certificateFault, certificatesIn, keyFault } from "../../model/certificates.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Reads a file; undefined if there is none, or none that may be read. */
function readIn(folder: string, file: string): string | undefined {
  try {
    return readFileSync(join(folder, file), "utf8");
  } catch {
    return;
  }
}

/** Says what is wrong with a directory of certificates; undefined if nothing is. */
function folderFault(folder: string): string | undefined {
  const files = ["ca.pem", "cert.pem", "key.pem"] as const;
  const missing = files.find((file) => readIn(folder, file) === undefined);
  if (missing) return `it has no ${missing} that this user may read`;
  const [authorities = "", certificate = "", key = ""] = files.map((file) => readIn(folder, file));
  const ofAuthorities = certificateFault(authorities);
  if (ofAuthorities !== undefined) return `ca.pem: ${ofAuthorities}`;
  const ofCertificate = certificateFault(certificate);
  if (ofCertificate !== undefined) return `cert.pem: ${ofCertificate}`;
  const [own] = certificatesIn(certificate);
  const ofKey = own && keyFault(key, own);
  return ofKey && `key.pem: ${ofKey}`;
}

/** Rejects certificates with which no engine can be reached. */
export const engineCertificateRule = rule(
  ["machines.*.docker", "machines.*.certificates"],
  ({ machines = [] }) =>
    machines.flatMap(([at, { docker = "", certificates: folder }]) => {
      const why = folder !== undefined && docker.startsWith("tcp://") ? folderFault(folder) : undefined;
      const message = `${why}: expected ca.pem with the engine's authority, cert.pem with a certificate that is valid now, and key.pem with its key`;
      return faultAt(["machines", at, "certificates"], why && message);
    }),
);
