import type * as pulumi from "@pulumi/pulumi";
import type { Target, Values } from "../workload.ts";

/** Where Celery queues tasks: a Redis of the stack, or one outside. */
export interface Broker {
  readonly target: Target;
  /** With the password of Airflow's user: secret. */
  readonly url: pulumi.Output<string>;
  /** What clients need besides, by path. */
  readonly files: Values;
  /** Of one outside the stack: whether it speaks TLS, and the path of the authorities among `files`. */
  readonly tls?: { readonly active: pulumi.Output<boolean>; readonly authorities?: string };
}
