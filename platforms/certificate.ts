// A default import: Pulumi can serialise a reference to a whole module, but not to a part of one.
import crypto, { type KeyObject } from "node:crypto";

/** DER: a tag, the length of the content, the content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, ...parts);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

/** A whole number of bytes as a bit string. */
function bits(content: Uint8Array): Buffer {
  return der(0x03, Buffer.from([0]), content);
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from(name)))));
}

/** RFC 5280, 4.1.2.5: the year has two digits until 2049. */
function time(at: Date): Buffer {
  const digits = `${at.toISOString().slice(0, 19).replace(/\D/g, "")}Z`;
  return at.getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(digits.slice(2)))
    : der(0x18, Buffer.from(digits));
}

function extension(id: string, value: Uint8Array, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [Buffer.from("0101ff", "hex")] : []), der(0x04, value));
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}

/** RFC 7093, 2: what tells one key from another. */
function keyId(key: KeyObject): Buffer {
  return crypto.createHash("sha256").update(spki(key)).digest().subarray(0, 20);
}

/** An authority is called by its key, so no two have the same name. */
function authorityName(key: KeyObject): string {
  return `authority ${keyId(key).toString("hex", 0, 4)}`;
}

/** May sign others. */
function authorityExtensions(): Buffer[] {
  const isAuthority = Buffer.from("0101ff", "hex");
  const signsCertificates = Buffer.from("03020204", "hex");
  return [extension("551d13", sequence(isAuthority), true), extension("551d0f", signsCertificates, true)];
}

/** May be shown by a client of that name, and by a server of that name or of one before it, as `redis.main`. */
function machineExtensions(name: string): Buffer[] {
  const signsHandshakes = Buffer.from("03020780", "hex");
  const [server, client] = [oid("2b06010505070301"), oid("2b06010505070302")];
  return [
    extension("551d0f", signsHandshakes, true),
    extension("551d25", sequence(server, client)),
    extension("551d11", sequence(...[name, `*.${name}`].map((host) => der(0x82, Buffer.from(host))))),
  ];
}

/** What a certificate says: RFC 5280, 4.1. */
interface Statement {
  readonly name: string;
  readonly key: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly days: number;
}

/** In PEM. Begins an hour ago, since clocks differ. */
function signed({ name, key, extensions, days }: Statement, signer: KeyObject): string {
  const issuer = crypto.createPublicKey(signer);
  const serial = crypto.randomBytes(16);
  // A positive number of always the same length.
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
  const algorithm = sequence(oid("2a8648ce3d040302"));
  const now = Date.now();
  const content = sequence(
    der(0xa0, Buffer.from("020102", "hex")),
    der(0x02, serial),
    algorithm,
    commonName(authorityName(issuer)),
    sequence(time(new Date(now - 3_600_000)), time(new Date(now + days * 86_400_000))),
    commonName(name),
    spki(key),
    der(
      0xa3,
      sequence(
        ...extensions,
        extension("551d0e", der(0x04, keyId(key))),
        extension("551d23", sequence(der(0x80, keyId(issuer)))),
      ),
    ),
  );
  const signature = crypto.sign("sha256", content, signer);
  return new crypto.X509Certificate(sequence(content, algorithm, bits(signature))).toString();
}

/** The certificate of an authority by its own key or, so that those who trust another one trust it too, by that one's. */
export function authorityCertificate(key: KeyObject, signer: KeyObject, days: number): string {
  return signed({ name: authorityName(key), key, extensions: authorityExtensions(), days }, signer);
}

/** The certificate of a machine, good at both ends of a connection. */
export function machineCertificate(name: string, key: KeyObject, signer: KeyObject, days: number): string {
  return signed({ name, key, extensions: machineExtensions(name), days }, signer);
}
