import { chmodSync, chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../../tools/lib/process.ts";

/** Options of `openssl` for the files of a new key and its certificate. */
function out(name: string): readonly string[] {
  return ["-keyout", `${name}.key`, "-out", `${name}.pem`];
}

/**
 * Creates an authority `ca`, an unused one `other`, and keys with certificates for services: `server`, and `elsewhere` for another name.
 * @param names subject alternative names of `server`
 */
export async function writeCertificates(folder: string, names: string): Promise<void> {
  const openssl = (...args: string[]) => run("openssl", args, { cwd: folder });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  for (const name of ["ca", "other"]) {
    await openssl("req", "-x509", ...key, "-days", "2", "-subj", `/CN=${name} of a test`, ...out(name));
  }
  for (const [name, alternative] of [
    ["server", names],
    ["elsewhere", "DNS:elsewhere.example.com"],
  ]) {
    writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${alternative}\n`);
    await openssl("req", ...key, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
    const signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", `${name}.ext`];
    await openssl("x509", "-req", "-in", `${name}.csr`, ...signer, "-days", "2", "-out", `${name}.pem`);
    chownSync(join(folder, `${name}.key`), 999, 999);
    chmodSync(join(folder, `${name}.key`), 0o600);
  }
  for (const file of ["ca.pem", "other.pem", "server.pem", "elsewhere.pem"])
    chmodSync(join(folder, file), 0o644);
}
