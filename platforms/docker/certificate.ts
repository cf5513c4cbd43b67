// A default import: code that runs from the state finds the module under this name.
import crypto, { type KeyObject } from "node:crypto";
import type { Extension } from "@peculiar/x509";

/** Loads the library at each use, since this code runs from the state; the library needs `reflect-metadata` first. */
async function library() {
  await import("reflect-metadata");
  return import("@peculiar/x509");
}

function spki(key: KeyObject): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(key.export({ type: "spki", format: "der" }));
}

/** Key identifier in hexadecimal (RFC 7093, section 2). */
function keyId(key: KeyObject): string {
  return crypto.createHash("sha256").update(spki(key)).digest("hex").slice(0, 40);
}

/** Names an authority after its key, so that no two authorities share a name. */
function authorityName(key: KeyObject): string {
  return `authority ${keyId(key).slice(0, 8)}`;
}

/** Contents of a certificate. */
interface Statement {
  readonly name: string;
  readonly key: KeyObject;
  readonly extensions: readonly Extension[];
  readonly days: number;
}

/** Signs a certificate, in PEM. The validity begins an hour ago, since clocks differ. */
async function signed({ name, key, extensions, days }: Statement, signer: KeyObject): Promise<string> {
  const x509 = await library();
  const issuer = crypto.createPublicKey(signer);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [name] }],
    issuer: [{ CN: [authorityName(issuer)] }],
    notBefore: new Date(now - 3_600_000),
    notAfter: new Date(now + days * 86_400_000),
    publicKey: spki(key),
    // The same type, which Node.js and TypeScript declare each for itself.
    signingKey: signer.toCryptoKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]) as CryptoKey,
    extensions: [
      ...extensions,
      new x509.SubjectKeyIdentifierExtension(keyId(key)),
      new x509.AuthorityKeyIdentifierExtension(keyId(issuer)),
    ],
  });
  return `${certificate.toString("pem")}\n`;
}

/** An authority's certificate, signed by itself, or by another one so that whoever trusts that one trusts it too. */
export async function authorityCertificate(key: KeyObject, signer: KeyObject, days: number): Promise<string> {
  const { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension } = await library();
  const extensions = [
    new BasicConstraintsExtension(true, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
  ];
  return signed({ name: authorityName(key), key, extensions, days }, signer);
}

/**
 * Makes a machine's certificate, for a client of that name and for a server of that name or one level below it, such as
 * `redis.main`.
 */
export async function machineCertificate(
  name: string,
  key: KeyObject,
  signer: KeyObject,
  days: number,
): Promise<string> {
  const x509 = await library();
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const hosts = [name, `*.${name}`].map((value) => ({ type: "dns" as const, value }));
  const extensions = [
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([serverAuth, clientAuth]),
    new x509.SubjectAlternativeNameExtension(hosts),
  ];
  return signed({ name, key, extensions, days }, signer);
}

/** All functions of this module, for the code that the state keeps. */
export const certificateFunctions = [
  library,
  spki,
  keyId,
  authorityName,
  signed,
  authorityCertificate,
  machineCertificate,
];
