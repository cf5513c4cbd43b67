import type { Machine } from "../machines.ts";

/** A connection between two machines. */
export interface Edge {
  /** Name under which the service is called. */
  readonly service: string;
  readonly port: number;
  /** The machine that connects. */
  readonly from: string;
  /** The machine that runs the service. */
  readonly to: string;
}

/** Path of HAProxy's configuration in a gateway. */
export const configuration = "/etc/haproxy/haproxy.cfg";

/** Command of a gateway: a master with a worker, since a lone worker as process 1 ignores stop signals. */
export const command: readonly string[] = ["haproxy", "-W", "-db", "-f", configuration];

/** Secrets of a gateway: its certificate with the key, and the certificates of trusted authorities. */
export const gatewaySecrets = { machine: "machine.pem", authorities: "authorities.pem" };

const identity = `crt /run/secrets/${gatewaySecrets.machine} ca-file /run/secrets/${gatewaySecrets.authorities} verify required`;

/** HAProxy section that resolves service names. */
export const resolvers = `# Resolves service names by Docker's DNS server every second, since a restart may change a service's address.
resolvers docker
  nameserver docker 127.0.0.11:53
  timeout resolve 1s
  timeout retry 1s
  hold valid 1s
  hold nx 1s
  # Takes an answer of more than 512 bytes, such as the addresses of 20 workers; a shortened one would count as none.
  accepted_payload_size 8192
`;

const head = `global
  log stdout format raw daemon err
  maxconn 4096
  # One thread has enough throughput for the traffic between machines.
  nbthread 1
  ssl-default-bind-options ssl-min-ver TLSv1.3
  ssl-default-server-options ssl-min-ver TLSv1.3

defaults
  mode tcp
  log global
  option tcplog
  option dontlognull
  option log-separate-errors
  # Keeps idle connections for 7 days, but requires a connection to be established within seconds.
  timeout tunnel 7d
  timeout client 30s
  timeout server 30s
  timeout client-fin 30s
  timeout server-fin 30s
  # Fails at once, without retries: clients retry.
  timeout connect 3s
  retries 0
  # Closes a connection within 5 + 3 x 3 s when the peer is gone.
  option clitcpka
  clitcpka-idle 5s
  clitcpka-intvl 3s
  clitcpka-cnt 3
  option srvtcpka
  srvtcpka-idle 5s
  srvtcpka-intvl 3s
  srvtcpka-cnt 3

${resolvers}`;

/** Closes a connection when sent data stays unacknowledged for 12 s; HAProxy 2.6 ignores this as a default of servers. */
const tcpTimeout = "tcp-ut 12s";

/** Instances of a service on one machine among which connections are spread. */
const instances = 8;

/** Address of each machine's gateway, by the machine's name. */
type Addresses = ReadonlyMap<string, string>;

/** Renders a section of HAProxy's configuration. */
export function section(title: string, ...lines: readonly string[]): string {
  return [title, ...lines.map((line) => `  ${line}`), ""].join("\n");
}

/** Removes duplicates and sorts, so that the same edges always make the same text. */
function sorted<T extends string | number>(values: readonly T[]): readonly T[] {
  return [...new Set(values)].sort();
}

/** Returns the TLS server name of a service between gateways, for which the machine's certificate is valid. */
function sniOf(service: string, machine: string): string {
  return `${service}.${machine}`;
}

/** Renders the frontend that answers the gateway's own health check, on the loopback interface. */
function healthFrontend(port: number): string {
  return section("frontend health", "mode http", `bind 127.0.0.1:${port}`, "monitor-uri /");
}

/** Renders the stand-in for other machines' services on a port; several must speak HTTP, whose `Host` names the callee. */
function standIn(port: number, edges: readonly Edge[], addresses: Addresses): readonly string[] {
  const services = sorted(edges.map(({ service }) => service));
  const mode = services.length > 1 ? ["mode http"] : [];
  const routes = services.map((name) =>
    services.length > 1
      ? `use_backend to-${name} if { req.hdr(host),host_only -i ${name} }`
      : `default_backend to-${name}`,
  );
  const backends = services.map((name) => {
    const homes = sorted(edges.filter(({ service }) => service === name).map(({ to }) => to));
    const servers = homes.map(
      (to) => `server ${to} ${addresses.get(to)} ${tcpTimeout} ssl ${identity} sni str(${sniOf(name, to)})`,
    );
    return section(`backend to-${name}`, ...mode, ...servers);
  });
  return [section(`frontend port-${port}`, ...mode, `bind *:${port}`, ...routes), ...backends];
}

/** Renders the frontend that admits each machine to the services that it reaches, and closes every other connection. */
function incomingFrontend(machine: string, port: number, edges: readonly Edge[]): readonly string[] {
  const services = sorted(edges.map(({ service }) => service));
  const routes = services.map((name) => {
    const callers = sorted(edges.filter(({ service }) => service === name).map(({ from }) => from));
    return `use_backend at-${name} if { ssl_fc_sni ${sniOf(name, machine)} } { ssl_c_s_dn(cn) ${callers.join(" ")} }`;
  });
  const backends = services.map((name) => {
    const target = edges.find(({ service }) => service === name)?.port;
    const found = "resolvers docker resolve-prefer ipv4 init-addr none";
    return section(`backend at-${name}`, `server-template at- 1-${instances} ${name}:${target} ${found}`);
  });
  const bind = `bind *:${port} ${tcpTimeout} ssl ${identity}`;
  return [section("frontend machines", bind, ...routes), ...backends];
}

/** Renders the HAProxy configuration of a machine's gateway, for its edges; all gateways use one port. */
export function gatewayConf(
  machine: string,
  edges: readonly Edge[],
  machines: readonly Pick<Machine, "name" | "address">[],
  port: number,
): string {
  const addresses = new Map(machines.map(({ name, address }) => [name, `${address}:${port}`]));
  const outgoing = edges.filter(({ from }) => from === machine);
  const incoming = edges.filter(({ to }) => to === machine);
  const clash = outgoing.find((edge) => edge.port === port);
  if (clash) {
    throw new Error(
      `gatewayPort is ${port}, which ${clash.service} has; expected a port that no service has.`,
    );
  }
  const standIns = sorted(outgoing.map((edge) => edge.port)).flatMap((shared) =>
    standIn(
      shared,
      outgoing.filter((edge) => edge.port === shared),
      addresses,
    ),
  );
  const frontends = incoming.length > 0 ? incomingFrontend(machine, port, incoming) : [];
  return [head, healthFrontend(port), ...standIns, ...frontends].join("\n");
}

/** Lists the names under which a machine's gateway stands in for services of other machines. */
export function gatewayAliases(machine: string, edges: readonly Edge[]): readonly string[] {
  return sorted(edges.filter(({ from }) => from === machine).map(({ service }) => service));
}

/** Returns a health check command that sends HAProxy a request, and starts nothing but a shell. */
export function health(port: number): readonly string[] {
  const request = `exec 3<>/dev/tcp/127.0.0.1/${port} && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3`;
  return ["bash", "-c", `${request} && [[ $status == 200 ]]`];
}
