import { z } from "zod";
import { type Role, roles, roleTable } from "../../roles.ts";
import { podExtras } from "./cluster/pods.ts";
import { file } from "./paths.ts";
import { secret } from "./secret.ts";
import {
  cpu,
  hostName,
  hostPattern,
  labels,
  list,
  matching,
  memory,
  object,
  portPattern,
  scalar,
} from "./values.ts";

const path = matching(
  /^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/,
  "expected an absolute path of letters, digits, '.', '_' and '-', without '..', '//' and a '/' at its end",
);
const secretName = matching(
  /^[A-Za-z0-9_][A-Za-z0-9._-]{0,62}$/,
  "expected letters, digits, '.', '_' and '-', 63 at most",
);
const variable = matching(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected the name of an environment variable");

/** Additions of a stack to one role. */
const roleExtras = object({
  env: z
    .record(variable, scalar, { error: "expected environment variables" })
    .default({})
    .describe(
      "Environment variables: `{ TZ: Europe/Berlin }`. Anybody with access to the engine or the cluster can read them; put secrets into `secretFiles`.",
    )
    .meta({ discreet: true }),
  secretFiles: z
    .record(secretName, secret, { error: "expected secrets by name" })
    .default({})
    .describe(
      "Secrets, each a file: `{ api_token: { file: token.txt } }` is read from /run/secrets/api_token.",
    ),
  files: z
    .record(path, file, { error: "expected files of this machine by path in the container" })
    .default({})
    .describe(
      "Text files of the deploying machine, 512 KiB at most, by their path in the container: `{ /opt/airflow/config/x.ini: conf/x.ini }`.",
    ),
  volumes: z
    .record(
      path,
      matching(
        /^([a-z][a-z0-9-]{0,30}|\/[^\s:]*)$/,
        "expected the name of a volume, or an absolute path of the machine",
      ),
      {
        error: "expected volumes by path in the container",
      },
    )
    .default({})
    .describe(
      "Volumes by path in the container: `{ /opt/models: models }` is a volume that all roles naming it share, `{ /opt/models: /srv/models }` a directory of the machine, read-only and on Docker only.",
    ),
  memory: memory
    .optional()
    .describe(
      "MiB that each instance may use; default: 2048 for the webserver, 512 for Flower, 1024 for other roles; for workers use `workerMemory`.",
    ),
  cpu: cpu.optional().describe("Cores that each instance may use; for workers use `workerCpu`."),
  sharedMemory: memory
    .optional()
    .describe("MiB that each instance may use at /dev/shm, as part of its memory; default: 64."),
  labels: labels.default({}).describe("Labels of the role's containers or pods."),
  pod: podExtras
    .optional()
    .describe(
      "On Kubernetes: further fields of the role's pods, such as sidecars, as they are in Kubernetes.",
    ),
});

const role = roleExtras.optional();

const byRole = Object.fromEntries(
  roles.map((name) => [name, role.describe(roleTable[name].purpose)]),
) as Record<Role, typeof role>;

/** Extras by role; those of `all` are for every role of Airflow. */
export const extrasByRole = object({
  all: role.describe("Every role of Airflow, and the check of external services; a role's own entries win."),
  ...byRole,
});

const proxyUrl = matching(
  new RegExp(`^https?://${hostPattern}(:${portPattern})?$`),
  "expected http://HOST:PORT, without a login",
);

export const proxy = object({
  http: proxyUrl.optional().describe("Proxy for http://."),
  https: proxyUrl.optional().describe("Proxy for https://."),
  no: list(
    matching(
      /^[^\s,]+$/,
      "expected a host name, a domain, an address or a range of them, without white space and commas: .example.com",
    ),
    "host names, domains and addresses",
  )
    .default([])
    .describe("Hosts and domains to reach directly, besides the stack's own: `[.example.com]`."),
});

export const extraHosts = z
  .record(hostName, z.ipv4({ error: "expected an IPv4 address" }), {
    error: "expected IPv4 addresses by host name",
  })
  .default({});
