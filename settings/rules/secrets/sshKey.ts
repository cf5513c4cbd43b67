/** Name of the cipher of an OpenSSH key, which follows a mark of 15 bytes. */
function cipherOf(body: string): string {
  const bytes = Buffer.from(body, "base64");
  return bytes.toString("latin1", 19, 19 + (bytes.length > 19 ? bytes.readUInt32BE(15) : 0));
}

/** Says why ssh cannot log in with a private key; undefined if it can. */
export function sshKeyProblem(text: string): string | undefined {
  const [, kind, body = ""] =
    /^\s*-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----\s(.*)-----END \1-----\s*$/s.exec(text) ?? [];
  if (kind === undefined) return "it is not a private key in PEM with all its lines";
  const isEncrypted =
    kind === "ENCRYPTED PRIVATE KEY" ||
    /^Proc-Type:.*ENCRYPTED/m.test(body) ||
    (kind === "OPENSSH PRIVATE KEY" && cipherOf(body) !== "none");
  return isEncrypted ? "an encrypted key has a passphrase, which nobody types there" : undefined;
}

/** True if a file of host keys, as `ssh-keyscan` writes it, may have one of a server; names may be hashed or patterns. */
export function mayKnow(hosts: string, url: string): boolean {
  const { hostname, port } = new URL(url.toLowerCase());
  // A server at another port may be known by its name alone, too.
  const known = [hostname, `[${hostname}]:${port || "22"}`];
  return hosts.split("\n").some((line) => {
    const [, names = ""] =
      /^\s*(?:@\S+\s+)?([^#\s]\S*)\s+[a-z][\w@.-]+\s+[A-Za-z0-9+/]{20,}=*/.exec(line) ?? [];
    return names.split(",").some((name) => known.includes(name.toLowerCase())) || /^\||[*?]/.test(names);
  });
}
