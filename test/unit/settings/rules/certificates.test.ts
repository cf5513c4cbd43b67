import assert from "node:assert/strict";
import { createPublicKey, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { machineCertificate } from "../../../../platforms/docker/certificate.ts";
import { encrypted } from "../../../../settings/schema/secret.ts";
import { authorityOf, ecKey, pemOf } from "../../certificates.ts";
import { cluster } from "../../cluster.ts";
import type { Config } from "../../settingsFrom.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";
import { faults } from "./refusals.ts";

const folder = temporaryFolder("certificates");

function written(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const [signer, own] = [ecKey(), ecKey()];
const authority = await authorityOf(signer);
const expired = await authorityOf(own, -1 / 48);
const single = await machineCertificate("airflow.test", createPublicKey(own), signer, 1);
const wildcard = await machineCertificate("*.wild.test", createPublicKey(own), signer, 1);

const files = {
  single: written("single.pem", single),
  chain: written("chain.pem", `${single}${authority}`),
  wildcard: written("wildcard.pem", wildcard),
  nameless: written("nameless.pem", await authorityOf(own)),
  expired: written("expired.pem", expired),
  broken: written("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
  none: written("none.pem", "none\n"),
};
const key = { file: written("own.key", pemOf(own)) };
const otherKey = { file: written("other.key", pemOf(ecKey())) };
const missing = join(folder, "missing");

const publish = { address: "10.0.0.9", certificate: files.single, key };
const inPem =
  "expected a certificate and those that lead to its authority, in PEM, valid now, with the key in a file of its own";
const notFor = "expected a name that the certificate is valid for";

const url = "rediss://a:a-long-word@h/0";
const plainUrl = "redis://a:a-long-word@h/0";
const client = { url, certificate: files.single, key };
const noFile = "expected a file, relative to Pulumi.yaml; there is none at FILE";
const plain = "begins with redis://, which is without TLS: expected rediss:// there, or no";
const database = "postgresql://a:a-long-word@h/a";

const validEnd = new X509Certificate(expired).validToDate.toISOString().slice(0, 10);
const past = `its certificate of ${new X509Certificate(expired).subject} expired on ${validEnd}`;

/** Stacks with certificates, each with all its faults; FILE stands for the path of a file. */
const stacks: readonly (readonly [name: string, config: Config, ...faults: string[]])[] = [
  ["a published certificate with its key", { publish }],
  [
    "a published certificate that leads to its authority",
    { publish: { ...publish, certificate: files.chain } },
  ],
  ["a published certificate whose key is encrypted", { publish: { ...publish, key: encrypted } }],
  [
    "an address without a certificate",
    { publish: { address: "airflow", key } },
    "publish.address is airflow; expected an IPv4 address of the machine, or 0.0.0.0 for all of them",
    "publish.certificate is not given; expected the path of a certificate in PEM, which is needed, since logins would otherwise cross the network unencrypted; without publish, the webserver and Flower are reachable at 127.0.0.1 only",
  ],
  [
    "a published certificate in a cluster",
    { ...cluster, publish },
    "publish is {…}; a cluster has an ingress for that: expected kubernetes.ingress",
  ],
  [
    "a published certificate that has expired, with another key and another host",
    { publish: { ...publish, certificate: files.expired, key: otherKey, host: "other.test" } },
    `publish.certificate is FILE; ${past}: ${inPem}`,
  ],
  [
    "a published certificate that cannot be read",
    { publish: { ...publish, certificate: files.broken, key: otherKey } },
    `publish.certificate is FILE; a certificate in it cannot be read: ${inPem}`,
  ],
  [
    "the key of another certificate than the published one",
    { publish: { ...publish, certificate: files.chain, key: otherKey } },
    "publish.key is [secret]; it is the key of another certificate: expected the key of publish.certificate, in PEM",
  ],
  [
    "a text in the place of the published certificate's key",
    { publish: { ...publish, key: { file: files.none } } },
    "publish.key is [secret]; it is not a private key in PEM: expected the key of publish.certificate, in PEM",
  ],
  [
    "a host that the published certificate is not for",
    { publish: { ...publish, host: "other.test" } },
    `publish.host is other.test; the certificate is valid only for DNS:airflow.test, DNS:*.airflow.test: ${notFor}`,
  ],
  [
    "a host and a published certificate without names",
    { publish: { ...publish, certificate: files.nameless, host: "other.test" } },
    `publish.host is other.test; the certificate is valid only for no host: ${notFor}`,
  ],
  [
    "a host that the published wildcard covers",
    { publish: { ...publish, certificate: files.wildcard, host: "a.wild.test" } },
  ],
  [
    "a published wildcard without a host",
    { publish: { ...publish, certificate: files.wildcard } },
    `publish.host is not given; the certificate names no host to use instead: ${notFor}`,
  ],
  ["a client certificate of Redis with its key", { redis: client }],
  ["a client certificate that leads to its authority", { redis: { ...client, certificate: files.chain } }],
  ["a client certificate whose key is encrypted", { redis: { ...client, key: encrypted } }],
  [
    "a client certificate and its key as a Secret",
    { ...cluster, redis: { ...client, key: { secret: "redis", key: "key" } } },
  ],
  [
    "a client certificate and its key without a URL",
    { redis: { certificate: files.single, key } },
    "redis.certificate is {…}; it is for an external server: expected redis.url beside it",
    "redis.key is {…}; it is for an external server: expected redis.url beside it",
  ],
  [
    "a client certificate without its key",
    { redis: { url, certificate: files.single } },
    "redis.key is not given; expected the private key of redis.certificate",
  ],
  [
    "the key of a client certificate alone",
    { redis: { url, key } },
    "redis.key is {…}; it is the key of a certificate: expected redis.certificate, too",
  ],
  [
    "the key of another certificate than the client's",
    { redis: { ...client, certificate: files.chain, key: otherKey } },
    "redis.key is [secret]; it is the key of another certificate: expected the key of redis.certificate, in PEM",
  ],
  [
    "a certificate in the place of its key",
    { redis: { ...client, key: { file: files.single } } },
    "redis.key is [secret]; it is not a private key in PEM: expected the key of redis.certificate, in PEM",
  ],
  [
    "a file without a client certificate",
    { redis: { ...client, certificate: files.none } },
    "redis.certificate is FILE; there is no certificate in it: expected a certificate and those that lead to its authority, in PEM, valid now",
  ],
  [
    "a client certificate without a URL and a key",
    { redis: { certificate: files.single } },
    "redis.certificate is {…}; it is for an external server: expected redis.url beside it",
  ],
  [
    "a client certificate that is missing, with another key and without TLS",
    { redis: { url: plainUrl, certificate: missing, key: otherKey } },
    `redis.certificate is FILE; ${noFile}`,
  ],
  [
    "a client certificate that has expired, with a key that is missing",
    { redis: { ...client, certificate: files.expired, key: { file: missing } } },
    `redis.certificate is FILE; ${past}: expected a certificate and those that lead to its authority, in PEM, valid now`,
    `redis.key is {…}; ${noFile}`,
  ],
  [
    "a client certificate for a URL without TLS",
    { redis: { ...client, url: plainUrl } },
    `redis.certificate is FILE; redis.url ${plain} certificate`,
  ],
  [
    "a client certificate for a URL that is encrypted",
    { redis: { ...client, url: encrypted, ca: files.single } },
  ],
  [
    "a user with the name of the scheme without TLS",
    { redis: { ...client, url: "rediss://redis:a-long-word@h/0", ca: files.single } },
  ],
  [
    "authorities for a URL without TLS",
    { redis: { url: plainUrl, ca: files.single } },
    `redis.ca is FILE; redis.url ${plain} ca`,
  ],
  [
    "authorities for a database whose sslmode begins as one without checks",
    { postgres: { url: `${database}?sslmode=disabled`, ca: files.single } },
    "postgres.url is {…}; its sslmode is disabled; expected disable, allow, prefer, require, verify-ca, verify-full",
  ],
  [
    "authorities for a database without checks, with a further parameter",
    { postgres: { url: `${database}?sslmode=allow&application_name=a`, ca: files.single } },
    "postgres.ca is FILE; postgres.url has sslmode=allow, which checks no certificate: expected sslmode=verify-full there, or no ca",
  ],
];

/** Replaces the path of a file, which may be masked, since its name made at random may look like a password. */
function withoutPath(line: string): string {
  return line.replace(/(?<=^\S+ is )(…|\/[^;]*)(?=;)/, "FILE").replace(/(?<=there is none at ).*/, "FILE");
}

for (const [name, config, ...expected] of stacks) {
  test(`the rules about certificates have exactly the expected faults for ${name}`, () => {
    assert.deepEqual(faults(config).map(withoutPath), expected);
  });
}
