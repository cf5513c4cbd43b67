import { z } from "zod";
import { roles } from "../../roles.ts";
import { directory } from "./paths.ts";
import { labels, list, matching, name, object, oneOf, portPattern, whole } from "./values.ts";

const count = whole(0, 1000);
const counts = z.union([count, z.record(name, count)], {
  error: "expected a whole number from 0 to 1000, or one for each group: { default: 4, gpu: 1 }",
});

/** Roles and services that a machine may name; workers are placed by their counts instead. */
const placedRole = oneOf("postgres", "redis", "pgbouncer", ...roles.filter((role) => role !== "worker"));

export const machine = object({
  name: name.describe(
    "Name of the machine; its workers are `worker-NAME-1` and so on, or `worker-GROUP-NAME-1` in a group.",
  ),
  docker: matching(
    new RegExp(
      `^(unix:///\\S+|ssh://([^\\s@/:-][^\\s@/:]*@)?[^\\s@/:-][^\\s@/:]*(:${portPattern})?|tcp://[^\\s@/:-][^\\s@/:]*:${portPattern})$`,
    ),
    "expected unix:///PATH, ssh://USER@HOST or tcp://HOST:PORT",
  )
    .optional()
    .describe(
      "On Docker: address of the engine, as in DOCKER_HOST: `unix:///PATH`, `ssh://USER@HOST`, or `tcp://HOST:PORT` with TLS.",
    ),
  address: z
    .ipv4({ error: "expected the IPv4 address at which the other machines reach it: 10.0.0.11" })
    .optional()
    .describe("On Docker: the IPv4 address at which the other machines reach it."),
  certificates: directory
    .optional()
    .describe("For `tcp://`: a directory with `ca.pem`, `cert.pem` and `key.pem`."),
  roles: list(placedRole, "roles")
    .optional()
    .describe(
      "On Docker: roles that run here instead of on the first machine: `[postgres, redis]`. A database does not follow its role.",
    ),
  node: matching(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "expected the name of a node")
    .optional()
    .describe("On Kubernetes: name of a node."),
  labels: labels.optional().describe("On Kubernetes: labels of nodes."),
  workers: counts
    .optional()
    .describe("Number of workers of the default group, or of each group: `{ default: 4, reports: 1 }`."),
});

export type MachineSettings = z.output<typeof machine>;

/** Counts the workers of each group on a machine; the default group is `default`. */
export function counted({
  workers = {},
}: Pick<MachineSettings, "workers">): Readonly<Record<string, number>> {
  return typeof workers === "number" ? { default: workers } : workers;
}
