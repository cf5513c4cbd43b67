import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import { join } from "node:path";
import type { Settings } from "./groups.ts";

const block = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/**
 * Lists the certificates in a PEM text, and ignores the rest of the text.
 * @throws Error if a certificate block cannot be read
 */
export function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(block) ?? []).map((text) => new X509Certificate(text));
}

/** Returns the earliest end of the certificates in a text; undefined if there is no certificate. */
export function earliestEnd(pem: string): Date | undefined {
  const ends = certificatesIn(pem).map(({ validToDate }) => validToDate.getTime());
  return ends.length === 0 ? undefined : new Date(Math.min(...ends));
}

type WithCertificates = Pick<Settings, "publish" | "caCertificates" | "postgres" | "redis" | "backup">;

/** Lists the files with certificates that all machines share, by the key that names the file. */
export function certificateFiles(settings: WithCertificates): (readonly [key: string, file: string])[] {
  const { publish, caCertificates, postgres, redis, backup } = settings;
  const files = {
    "publish.certificate": publish?.certificate,
    ...Object.fromEntries(caCertificates.map((file, at) => [`caCertificates[${at}]`, file])),
    "postgres.ca": postgres.ca,
    "redis.ca": redis.ca,
    "redis.certificate": redis.certificate,
    "backup.ca": backup?.ca,
  };
  return Object.entries(files).flatMap(([key, file]) => (file === undefined ? [] : [[key, file] as const]));
}

type WithMachines = WithCertificates & Pick<Settings, "machines">;

/** Lists the ends of the certificates in files, also of those that this machine shows to engines; files that are gone are left out. */
export function fileEnds(settings: WithMachines): (readonly [what: string, end: Date])[] {
  const ofMachines = (settings.machines ?? []).flatMap(({ name, certificates: folder }) =>
    ["ca.pem", "cert.pem"].flatMap((file) =>
      folder === undefined ? [] : [[`${file} of the machine ${name}`, join(folder, file)] as const],
    ),
  );
  return [...certificateFiles(settings), ...ofMachines].flatMap(([what, file]) => {
    const end = existsSync(file) ? earliestEnd(readFileSync(file, "utf8")) : undefined;
    return end === undefined ? [] : [[what, end] as const];
  });
}

/** Explains why a text is not a list of certificates that have not expired; undefined if it is. */
export function certificateProblem(pem: string): string | undefined {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    return "it contains a private key, which belongs in a separate file";
  try {
    const found = certificatesIn(pem);
    const begun = pem.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0;
    if (begun > found.length) return "a certificate in it cannot be read";
    if (found.length === 0) return "there is no certificate in it";
    const expired = found.find(({ validToDate }) => validToDate.getTime() < Date.now());
    const name = expired?.subject.replaceAll("\n", ", ");
    return (
      expired && `its certificate of ${name} expired on ${expired.validToDate.toISOString().slice(0, 10)}`
    );
  } catch {
    return "a certificate in it cannot be read";
  }
}

/** Explains why a file does not hold certificates of authorities alone, and what is expected; undefined if it does. */
export function authoritiesProblem(file: string): string | undefined {
  const problem = certificateProblem(readFileSync(file, "utf8"));
  return (
    problem && `${problem}: expected a file with certificates in PEM that are valid now, and nothing else`
  );
}

/** Explains why a text is not the private key of a certificate; undefined if it is. */
export function keyProblem(key: string, certificate: X509Certificate): string | undefined {
  if (key.includes("ENCRYPTED")) return "it has a passphrase, which cannot be typed in";
  try {
    return certificate.checkPrivateKey(createPrivateKey(key))
      ? undefined
      : "it is the key of another certificate";
  } catch {
    return "it is not a private key in PEM";
  }
}

/** Lists the host names and addresses that a certificate is valid for, in the certificate's order. */
export function hostsOf({ subjectAltName = "" }: X509Certificate): string[] {
  return subjectAltName.split(", ").flatMap((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? []);
}

/** True if a certificate is valid for a host name or an IPv4 address. */
export function isFor(certificate: X509Certificate, host: string): boolean {
  const found = isIPv4(host) ? certificate.checkIP(host) : certificate.checkHost(host);
  return found !== undefined;
}
