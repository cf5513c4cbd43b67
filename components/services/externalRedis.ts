import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { type RedisLogin, redisLogin, redisUrl } from "../../settings/model/urls/redisUrl.ts";
import type { Outside, Values } from "../../workload.ts";
import type { Broker } from "../broker.ts";
import { parsedUrl } from "../database.ts";

export interface ExternalRedisArgs {
  readonly url: pulumi.Output<string>;
  /** File with the authorities that may sign the server's certificate. */
  readonly ca?: string | undefined;
  /** File with the certificate that clients show, and its private key. */
  readonly certificate?: string | undefined;
  readonly key?: pulumi.Output<string> | undefined;
}

const authorities = "/opt/airflow/redis-ca.pem";
const client = "/opt/airflow/redis-client.pem";

/** A Redis server outside the stack. */
export class ExternalRedis extends pulumi.ComponentResource implements Broker {
  readonly target: Outside;
  readonly url: pulumi.Output<string>;
  readonly files: Values;
  readonly tls: NonNullable<Broker["tls"]>;

  constructor(
    name: string,
    { url, ca, certificate, key }: ExternalRedisArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("airflow:index:ExternalRedis", name, {}, opts);
    const login = parsedUrl("redis.url", url, redisLogin);
    const secret = <T>(of: (plain: RedisLogin) => T) => pulumi.secret(login.apply(of)) as pulumi.Output<T>;
    const plain = <T>(of: (plain: RedisLogin) => T) => pulumi.unsecret(login.apply(of)) as pulumi.Output<T>;
    const text = ca === undefined ? undefined : readFileSync(ca, "utf8");
    const shown = certificate === undefined ? undefined : readFileSync(certificate, "utf8");
    const active = plain(({ tls }) => tls);
    this.files = {
      ...(text !== undefined && { [authorities]: text }),
      ...(shown !== undefined && { [client]: shown }),
    };
    this.url = secret(redisUrl);
    this.target = { outside: name, port: plain(({ port }) => port) };
    this.tls = {
      active,
      ...(text !== undefined && { authorities }),
      ...(shown !== undefined && key !== undefined && { client: { certificate: client, key } }),
    };
    this.registerOutputs();
  }
}
