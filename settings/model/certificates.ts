import { createPrivateKey, X509Certificate } from "node:crypto";
import { isIPv4 } from "node:net";

const block = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/**
 * The certificates of a text in PEM, whatever else is in it.
 * @throws Error when one of them is none
 */
export function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(block) ?? []).map((text) => new X509Certificate(text));
}

/** Why a text is no list of certificates that are valid now; nothing, if it is one. */
export function certificateFault(pem: string): string | undefined {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    return "there is a private key in it, which is nobody's business";
  try {
    const found = certificatesIn(pem);
    if (found.length === 0) return "there is no certificate in it";
    const past = found.find(({ validToDate }) => validToDate.getTime() < Date.now());
    const name = past?.subject.replaceAll("\n", ", ");
    return past && `its certificate of ${name} has ended on ${past.validToDate.toISOString().slice(0, 10)}`;
  } catch {
    return "a certificate in it cannot be read";
  }
}

/** Why a text is not the private key of a certificate; nothing, if it is. */
export function keyFault(key: string, certificate: X509Certificate): string | undefined {
  if (key.includes("ENCRYPTED")) return "it has a passphrase, which nobody can type in";
  try {
    return certificate.checkPrivateKey(createPrivateKey(key))
      ? undefined
      : "it is the key of another certificate";
  } catch {
    return "it is no private key in PEM";
  }
}

/** Names and addresses that a certificate is good for, as it lists them. */
export function hostsOf({ subjectAltName = "" }: X509Certificate): string[] {
  return subjectAltName.split(", ").flatMap((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? []);
}

/** Whether clients that call a host by this name accept its certificate. */
export function isFor(certificate: X509Certificate, host: string): boolean {
  const found = isIPv4(host) ? certificate.checkIP(host) : certificate.checkHost(host);
  return found !== undefined;
}
