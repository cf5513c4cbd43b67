import type * as pulumi from "@pulumi/pulumi";
import type { Target, Values } from "../workload.ts";

/** How clients speak TLS with a broker. */
export interface BrokerTls {
  readonly active: pulumi.Output<boolean>;
  /** Path of the authorities that may sign the server's certificate, among the broker's files. */
  readonly authorities?: string;
  /** Certificate that clients show: its path among the broker's files, and its private key. */
  readonly client?: { readonly certificate: string; readonly key: pulumi.Output<string> };
}

/** Name of the secret with the private key that clients of the broker have. */
export const clientKey = "redis_client_key";

/** Where Celery queues tasks: a Redis of the stack, or one outside. */
export interface Broker {
  readonly target: Target;
  /** URL with the password of Airflow's user: secret. */
  readonly url: pulumi.Output<string>;
  /** Files that clients also need, by path. */
  readonly files: Values;
  /** For a Redis outside the stack: how to speak TLS with it. */
  readonly tls?: BrokerTls;
}
