import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Edge } from "../../../platforms/docker/gateway.ts";
import { gatewayAliases, gatewayConf, health } from "../../../platforms/docker/gateway.ts";

const machines = [
  { name: "main", address: "10.0.0.10" },
  { name: "big", address: "10.0.0.11" },
  { name: "gpu", address: "10.0.0.12" },
];

const edges: readonly Edge[] = ["gpu", "big"].flatMap((name) => [
  { service: "redis", port: 6379, from: name, to: "main" },
  { service: "postgres", port: 5432, from: name, to: "main" },
  { service: `worker-${name}`, port: 8793, from: "main", to: name },
]);

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

# Resolves service names by Docker's DNS server every second, since a restart may change a service's address.
resolvers docker
  nameserver docker 127.0.0.11:53
  timeout resolve 1s
  timeout retry 1s
  hold valid 1s
  hold nx 1s
  # Takes an answer of more than 512 bytes, such as the addresses of 20 workers; a shortened one would count as none.
  accepted_payload_size 8192

frontend health
  mode http
  bind 127.0.0.1:8443
  monitor-uri /

`;

const identity = "crt /run/secrets/machine.pem ca-file /run/secrets/authorities.pem verify required";

test("the gateway of the machine with the data routes to remote workers by host name, and admits their machines", () => {
  assert.equal(
    gatewayConf("main", edges, machines, 8443),
    `${head}frontend port-8793
  mode http
  bind *:8793
  use_backend to-worker-big if { req.hdr(host),host_only -i worker-big }
  use_backend to-worker-gpu if { req.hdr(host),host_only -i worker-gpu }

backend to-worker-big
  mode http
  server big 10.0.0.11:8443 tcp-ut 12s ssl ${identity} sni str(worker-big.big)

backend to-worker-gpu
  mode http
  server gpu 10.0.0.12:8443 tcp-ut 12s ssl ${identity} sni str(worker-gpu.gpu)

frontend machines
  bind *:8443 tcp-ut 12s ssl ${identity}
  use_backend at-postgres if { ssl_fc_sni postgres.main } { ssl_c_s_dn(cn) big gpu }
  use_backend at-redis if { ssl_fc_sni redis.main } { ssl_c_s_dn(cn) big gpu }

backend at-postgres
  server-template at- 1-8 postgres:5432 resolvers docker resolve-prefer ipv4 init-addr none

backend at-redis
  server-template at- 1-8 redis:6379 resolvers docker resolve-prefer ipv4 init-addr none
`,
  );
});

test("the gateway of a machine with workers routes to Postgres and Redis, and admits only the machine that reads logs", () => {
  assert.equal(
    gatewayConf("big", edges, machines, 8443),
    `${head}frontend port-5432
  bind *:5432
  default_backend to-postgres

backend to-postgres
  server main 10.0.0.10:8443 tcp-ut 12s ssl ${identity} sni str(postgres.main)

frontend port-6379
  bind *:6379
  default_backend to-redis

backend to-redis
  server main 10.0.0.10:8443 tcp-ut 12s ssl ${identity} sni str(redis.main)

frontend machines
  bind *:8443 tcp-ut 12s ssl ${identity}
  use_backend at-worker-big if { ssl_fc_sni worker-big.big } { ssl_c_s_dn(cn) main }

backend at-worker-big
  server-template at- 1-8 worker-big:8793 resolvers docker resolve-prefer ipv4 init-addr none
`,
  );
});

test("a machine that no other machine connects to accepts no connections", () => {
  const logless = edges.filter(({ from }) => from !== "main");
  assert.ok(!gatewayConf("big", logless, machines, 8443).includes("bind *:8443"));
  assert.equal(gatewayConf("gpu", [], machines, 8443), head.slice(0, -1));
});

test("order and repetition of edges do not change a gateway", () => {
  const others = [...edges, ...edges].reverse();
  for (const { name } of machines) {
    assert.equal(gatewayConf(name, others, machines, 8443), gatewayConf(name, edges, machines, 8443));
    assert.deepEqual(gatewayAliases(name, others), gatewayAliases(name, edges));
  }
});

test("a gateway has the host names of the remote services that its machine reaches", () => {
  assert.deepEqual(
    machines.map(({ name }) => gatewayAliases(name, edges)),
    [
      ["worker-big", "worker-gpu"],
      ["postgres", "redis"],
      ["postgres", "redis"],
    ],
  );
});

test("a gateway's port that is also the port of a service behind it is refused", () => {
  assert.throws(() => gatewayConf("big", edges, machines, 6379), {
    message: "gatewayPort is 6379, which redis has; expected a port that no service has.",
  });
});

test("the health check passes only while the gateway itself answers with success", async () => {
  let status = 200;
  const server = createServer((_request, response) => response.writeHead(status).end());
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const [shell = "", ...rest] = health(port);
  const check = () =>
    new Promise((done) => spawn(shell, rest, { stdio: "ignore" }).on("close", (code) => done(code === 0)));
  assert.equal(await check(), true);
  status = 503;
  assert.equal(await check(), false);
  await new Promise((done) => server.close(done));
  assert.equal(await check(), false);
});
