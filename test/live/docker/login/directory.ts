import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../../../runner/waiting.ts";
import { docker, log } from "../../targets/docker.ts";

/** Person of a directory, with a password and groups. */
export interface Entry {
  readonly password: string;
  readonly groups: readonly string[];
}

const domain = "dc=test";
/** Distinguished names of the directory's administrator, and of the place of people. */
export const administrator = `cn=airflow,${domain}`;
export const people = `ou=people,${domain}`;

function entries(all: Readonly<Record<string, Entry>>): string {
  const persons = Object.entries(all).map(([name, { password, groups }]) =>
    [
      `dn: uid=${name},${people}`,
      "objectClass: inetOrgPerson",
      `uid: ${name}`,
      `cn: ${name}`,
      `sn: ${name}`,
      `userPassword: ${password}`,
      ...groups.map((group) => `memberOf: ${group}`),
      "",
    ].join("\n"),
  );
  const places = [
    `dn: ${domain}\nobjectClass: domain\ndc: test\n`,
    `dn: ${people}\nobjectClass: organizationalUnit\nou: people\n`,
  ];
  return [...places, ...persons].join("\n");
}

const settings = (password: string) => `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
TLSCertificateFile /tls/server.pem
TLSCertificateKeyFile /tls/server.key
security tls=1
database mdb
suffix "${domain}"
rootdn "${administrator}"
rootpw "${password}"
directory /var/lib/ldap
overlay memberof
`;

/** Installs Debian's OpenLDAP in a container, and runs it with the entries of a file; `$1` is its URL. */
const script = `apt-get update -q && apt-get install -qy --no-install-recommends slapd &&
rm -rf /var/lib/ldap/* && slapadd -f /ldap/slapd.conf -l /ldap/people.ldif && exec slapd -d stats -f /ldap/slapd.conf -h "$1"`;

/**
 * Starts a directory in the machine's own network, which answers over TLS alone.
 * @param folder folder with the files `server.pem` and `server.key`, where files of the directory may be written
 */
export async function startDirectory(
  name: string,
  folder: string,
  url: string,
  password: string,
  all: Readonly<Record<string, Entry>>,
): Promise<void> {
  const files = join(folder, "ldap");
  mkdirSync(files);
  for (const [file, text] of [
    ["slapd.conf", settings(password)],
    ["people.ldif", entries(all)],
  ] as const) {
    writeFileSync(join(files, file), text);
    chmodSync(join(files, file), 0o600);
  }
  const volumes = [`${files}:/ldap:ro`, `${folder}:/tls:ro`].flatMap((volume) => ["--volume", volume]);
  const options = ["--detach", "--network", "host", "--name", name, ...volumes];
  await docker("run", ...options, "debian:bookworm-slim", "sh", "-c", script, "sh", url);
  await waitFor("the directory", 180, async () =>
    /slapd starting/.test(await log(name)) ? true : undefined,
  );
}
