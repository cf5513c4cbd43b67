import { readFileSync } from "node:fs";
import {
  authoritiesProblem,
  certificateProblem,
  certificatesIn,
  keyProblem,
} from "../../model/certificates.ts";
import { serviceUrls, textOf } from "../../model/sources.ts";
import type { SecretSource } from "../../schema/secret.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Rejects files that are not valid certificates of an external server's authorities. */
const authorities = (["postgres", "redis"] as const).map((kind) =>
  rule([`${kind}.ca`], ({ [kind]: { ca } }, isGiven) =>
    faultAt([kind, "ca"], ca !== undefined && isGiven(`${kind}.url`) ? authoritiesProblem(ca) : undefined),
  ),
);

/** Explains which part of a URL turns TLS or its checks off; undefined if none does, or if the URL cannot be read here. */
function withoutTls(url: SecretSource | undefined): string | undefined {
  const text = textOf(url);
  if (text === undefined) return;
  if (text.startsWith("redis:")) return "begins with redis://, which is without TLS: expected rediss://";
  const [, mode] = /[?&]sslmode=(disable|allow|prefer)(?=&|$)/.exec(text) ?? [];
  return mode && `has sslmode=${mode}, which checks no certificate: expected sslmode=verify-full`;
}

/** Rejects authorities for a server that is reached without TLS. */
const unused = rule(["postgres.*", "redis.*"], (parsed, isGiven) =>
  serviceUrls(parsed).flatMap(({ path: [kind, key], source }): Fault[] => {
    const problem = withoutTls(source);
    const hasCa = isGiven(kind === "redis" ? "redis.ca" : "postgres.ca");
    const message = `${String(kind)}.${String(key)} ${problem} there, or no ca`;
    return faultAt([String(kind), "ca"], hasCa ? problem && message : undefined);
  }),
);

/** Requires a client certificate for Redis to come with its key, and with a URL that uses TLS. */
const client = rule(["redis.*"], ({ redis: { url, certificate, key } }, isGiven): Fault[] => {
  if (!isGiven("redis.url")) return [];
  const fault = (name: string, message: string, given = "{…}") => [{ path: ["redis", name], message, given }];
  if (!isGiven("redis.certificate"))
    return isGiven("redis.key")
      ? fault("key", "it is the key of a certificate: expected redis.certificate, too")
      : [];
  if (!isGiven("redis.key"))
    return [{ path: ["redis", "key"], message: "expected the private key of redis.certificate" }];
  // Another rule reports a file that is missing.
  if (certificate === undefined) return [];
  const pem = readFileSync(certificate, "utf8");
  const problem = certificateProblem(pem);
  if (problem !== undefined)
    return fault(
      "certificate",
      `${problem}: expected a certificate and those that lead to its authority, in PEM, valid now`,
      certificate,
    );
  const [own] = certificatesIn(pem);
  const text = textOf(key);
  const mismatch = own && text !== undefined && keyProblem(text, own);
  if (mismatch) return fault("key", `${mismatch}: expected the key of redis.certificate, in PEM`, "[secret]");
  const plain = withoutTls(url);
  return plain ? fault("certificate", `redis.url ${plain} there, or no certificate`, certificate) : [];
});

export const tlsRules = [...authorities, unused, client];
