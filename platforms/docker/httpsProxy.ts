import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Publication, PublishArgs } from "../../workload.ts";
import { type Placement, serviceContainers } from "./container.ts";
import { command, configuration, health, resolvers, section } from "./gateway.ts";

/** Name of the secret with the certificate and its key. */
const identity = "published.pem";

/** First port inside the container; the health check uses it. */
const firstPort = 8443;

const head = `global
  log stdout format raw daemon err
  maxconn 4096
  nbthread 1
  ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets

defaults
  mode http
  log global
  option httplog
  option dontlognull
  option dontlog-normal
  option forwardfor if-none
  timeout http-request 10s
  timeout http-keep-alive 60s
  timeout client 60s
  # Waits up to 300 s for slow pages, and for the next lines of a running task's log.
  timeout server 300s
  timeout tunnel 1h
  timeout connect 3s
  retries 3
  option redispatch

${resolvers}
frontend health
  bind 127.0.0.1:${firstPort}
  monitor-uri /
`;

/** Instances of a service among which requests are spread. */
const instances = 10;

/** Returns the port inside the container of the service at an index; the ports follow that of the health check. */
function inner(at: number): number {
  return firstPort + 1 + at;
}

/** Denies the paths and everything below them, however they are spelt. */
function withholding(paths: readonly string[]): readonly string[] {
  const names = paths.map((path) => path.slice(1)).join("|");
  return paths.length === 0
    ? []
    : [`http-request deny deny_status 404 if { path,url_dec -m reg -i ^[/.]*(${names})([/;.]|$) }`];
}

/** Wrong passwords of an address within a number of seconds: the limit of Airflow's login page, which the webserver counts itself. */
const attempts = { most: 5, seconds: 40 };

/**
 * Refuses an address after too many wrong passwords. A browser's first request has no password, so its 401 does not count. An IPv6
 * address counts with all of its network, since one machine may have any number of addresses in it.
 */
const guarding = [
  `stick-table type ipv6 size 100k expire ${attempts.seconds}s store gpc0_rate(${attempts.seconds}s)`,
  "http-request track-sc0 src,ipmask(32,64)",
  `http-request return status 429 hdr Retry-After ${attempts.seconds} content-type text/plain string "Too many wrong passwords came from this address." if { sc0_gpc0_rate ge ${attempts.most} }`,
  "http-request set-var(txn.password) bool(true) if { req.hdr(Authorization) -m beg -i basic }",
  "http-response sc-inc-gpc0(0) if { status 401 } { var(txn.password) -m bool }",
];

function sectionsOf({ endpoint: { host, port }, withheld }: Publication, at: number): readonly string[] {
  return [
    section(
      `frontend ${host}`,
      `bind *:${inner(at)} ssl crt /run/secrets/${identity} alpn h2,http/1.1`,
      // Forwarding headers of the client are not trusted.
      "http-request del-header X-Forwarded-For",
      "http-request set-header X-Forwarded-Proto https",
      "http-request set-header X-Forwarded-Host %[req.hdr(host)]",
      ...guarding,
      ...withholding(withheld),
      `default_backend to-${host}`,
    ),
    section(
      `backend to-${host}`,
      "balance leastconn",
      `server-template ${host}- 1-${instances} ${host}:${port} resolvers docker resolve-prefer ipv4 init-addr none`,
    ),
  ];
}

/** Renders the HAProxy configuration, with TLS in front of each service, on separate ports. */
export function httpsProxyConf(publications: readonly Publication[]): string {
  return [head, ...publications.flatMap(sectionsOf)].join("\n");
}

/** Renders the container that terminates people's TLS connections. */
export function httpsProxy(
  name: string,
  image: string,
  { address, certificate, key, publications }: PublishArgs,
  placement: Placement,
): docker.ContainerArgs {
  const pem = pulumi.secret(pulumi.interpolate`${certificate.trimEnd()}\n${key}`);
  const { [name]: container } = serviceContainers(
    name,
    {
      image,
      command,
      user: { uid: 999, gid: 999 },
      files: { [configuration]: httpsProxyConf(publications) },
      secrets: { [identity]: pem },
      limits: { memory: 256, cpu: 2 },
      reaches: publications.map(({ endpoint }) => endpoint),
      healthy: { command: health(firstPort), startSeconds: 60 },
      priority: "control",
      stop: { signal: "SIGTERM", graceSeconds: 10 },
    },
    placement,
  );
  const ports = publications.map(({ port }, at) => ({ internal: inner(at), external: port, ip: address }));
  return { ...(container as docker.ContainerArgs), ports };
}
