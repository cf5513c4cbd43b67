import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { httpsProxy, httpsProxyConf } from "../../../platforms/docker/httpsProxy.ts";

const publications = [
  { endpoint: { host: "webserver", port: 8080 }, port: 443, withheld: [] },
  { endpoint: { host: "flower", port: 5555 }, port: 5443, withheld: ["/metrics", "/healthcheck"] },
];

test("the HTTPS proxy terminates TLS for each service, blocks pages without a login, and limits wrong passwords", () => {
  const conf = httpsProxyConf(publications);
  assert.match(conf, /^ {2}ssl-default-bind-options ssl-min-ver TLSv1\.2 no-tls-tickets$/m);
  const services = conf.slice(conf.indexOf("frontend webserver"));
  assert.equal(
    services,
    `frontend webserver
  bind *:8444 ssl crt /run/secrets/published.pem alpn h2,http/1.1
  http-request del-header X-Forwarded-For
  http-request set-header X-Forwarded-Proto https
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  stick-table type ipv6 size 100k expire 40s store gpc0_rate(40s)
  http-request track-sc0 src,ipmask(32,64)
  http-request return status 429 hdr Retry-After 40 content-type text/plain string "Too many wrong passwords came from this address." if { sc0_gpc0_rate ge 5 }
  http-request set-var(txn.password) bool(true) if { req.hdr(Authorization) -m beg -i basic }
  http-response sc-inc-gpc0(0) if { status 401 } { var(txn.password) -m bool }
  default_backend to-webserver

backend to-webserver
  balance leastconn
  server-template webserver- 1-10 webserver:8080 resolvers docker resolve-prefer ipv4 init-addr none

frontend flower
  bind *:8445 ssl crt /run/secrets/published.pem alpn h2,http/1.1
  http-request del-header X-Forwarded-For
  http-request set-header X-Forwarded-Proto https
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  stick-table type ipv6 size 100k expire 40s store gpc0_rate(40s)
  http-request track-sc0 src,ipmask(32,64)
  http-request return status 429 hdr Retry-After 40 content-type text/plain string "Too many wrong passwords came from this address." if { sc0_gpc0_rate ge 5 }
  http-request set-var(txn.password) bool(true) if { req.hdr(Authorization) -m beg -i basic }
  http-response sc-inc-gpc0(0) if { status 401 } { var(txn.password) -m bool }
  http-request deny deny_status 404 if { path,url_dec -m reg -i ^[/.]*(metrics|healthcheck)([/;.]|$) }
  default_backend to-flower

backend to-flower
  balance leastconn
  server-template flower- 1-10 flower:5555 resolvers docker resolve-prefer ipv4 init-addr none
`,
  );
});

test("the HTTPS proxy's container gets certificate and key as one secret, and publishes only at its address", async () => {
  const args = { address: "10.0.0.10", certificate: "CERTIFICATE\n\n", key: "KEY", publications };
  const container = httpsProxy("entrance", "gateway:1", args, {
    prefix: "airflow-unit",
    network: "net",
  });
  assert.equal(await pulumi.isSecret(pulumi.output(container.uploads)), true);
  const plain = await new Promise<Record<string, unknown>>((done) => {
    pulumi.output<object>(container).apply((known) => done({ ...known }));
  });
  assert.deepEqual(plain.ports, [
    { internal: 8444, external: 443, ip: "10.0.0.10" },
    { internal: 8445, external: 5443, ip: "10.0.0.10" },
  ]);
  const uploads = plain.uploads as { file: string; content: string }[];
  assert.deepEqual(
    uploads.filter(({ file }) => file.startsWith("/run/secrets/")),
    [{ file: "/run/secrets/published.pem", content: "CERTIFICATE\nKEY", permissions: "0444" }],
  );
  assert.equal(plain.user, "999:999");
  assert.deepEqual(plain.capabilities, { drops: ["ALL"] });
});
