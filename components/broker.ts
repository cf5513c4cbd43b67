import type * as pulumi from "@pulumi/pulumi";
import type { Target, Values } from "../workload.ts";

/** Where Celery queues tasks: a Redis of the stack, or one outside. */
export interface Broker {
  readonly target: Target;
  /** URL with the password of Airflow's user: secret. */
  readonly url: pulumi.Output<string>;
  /** Files that clients also need, by path. */
  readonly files: Values;
  /** For a Redis outside the stack: whether it speaks TLS, and the path of its authorities among `files`. */
  readonly tls?: { readonly active: pulumi.Output<boolean>; readonly authorities?: string };
}
