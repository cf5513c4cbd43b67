import type * as pulumi from "@pulumi/pulumi";
import type { Target, Values } from "../workload.ts";

/** TLS parameters of a broker's clients. */
export interface BrokerTls {
  readonly active: pulumi.Output<boolean>;
  /** Path of the authorities that may sign the server's certificate, among the broker's files. */
  readonly authorities?: string;
  /** Certificate that clients show: its path among the broker's files, and its private key. */
  readonly client?: { readonly certificate: string; readonly key: pulumi.Output<string> };
}

/** Name of the secret with the private key of the broker's clients. */
export const clientKey = "redis_client_key";

/** Broker of Celery's queues: a Redis server inside or outside the stack. */
export interface Broker {
  readonly target: Target;
  /** URL with the password of Airflow's user: secret. */
  readonly url: pulumi.Output<string>;
  /** Files that clients also need, by path. */
  readonly files: Values;
  /** Absent for the stack's own Redis, which speaks no TLS. */
  readonly tls?: BrokerTls;
}
