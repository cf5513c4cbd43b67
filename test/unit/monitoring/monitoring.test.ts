import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { alertsOf, watchdogAlert } from "../../../components/monitoring/alerts.ts";
import { consoles } from "../../../components/monitoring/consoles.ts";
import { dashboards, forGrafana } from "../../../components/monitoring/dashboards.ts";
import { families } from "../../../components/monitoring/families.ts";
import { clientShares } from "../../../settings/model/connections.ts";
import { builtFor } from "../../../tools/images.ts";
import { run } from "../../../tools/lib/process.ts";
import { authorityOf, ecKey, pemOf } from "../certificates.ts";
import { cluster } from "../cluster.ts";
import { type Container, containers, fileIn } from "../containers.ts";
import { containersOf, declare } from "../mocks.ts";
import { declared, specOf } from "../platforms/kubernetes/objects.ts";
import { programsOf } from "../programs.ts";
import { settingsFor } from "../settingsFrom.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const whole = settingsFor({
  canary: { every: "5m" },
  backup: { continuous: true },
  monitoring: { alerts: { webhook: "https://hooks.example.com/key" } },
});

function namesIn(queries: readonly string[]): string[] {
  return [...new Set(queries.flatMap((query) => query.match(/airflow_[a-z_]+/g) ?? []))].sort();
}

test("a stack has monitoring only if its configuration asks for it", async () => {
  const names = [...(await containers({})).keys()];
  assert.deepEqual(
    names.filter((name) => /monitoring|exporter/.test(name)),
    [],
  );
  assert.ok(!builtFor(settingsFor({})).includes("monitoring"));
  assert.ok(builtFor(whole).includes("monitoring"));
  const own = clientShares(whole).find(({ client }) => client === "monitoring");
  assert.equal(own?.count, 1);
});

test("the exporter gets the logins that it needs, and no other secret", async () => {
  const exporter = (await containers({ monitoring: {} })).get("exporter") ?? assert.fail();
  const secrets = exporter.uploads.filter(({ file }) => file.startsWith("/run/secrets/"));
  assert.deepEqual(secrets.map(({ file }) => file).sort(), [
    "/run/secrets/broker_url",
    "/run/secrets/result_backend",
    "/run/secrets/sql_alchemy_conn",
  ]);
  assert.deepEqual(
    exporter.envs.filter((line) => line.startsWith("AIRFLOW__")),
    [],
  );
});

test("the exporter knows the ends of certificates between machines, and of those that are shown to engines", async () => {
  const key = ecKey();
  const folder = temporaryFolder("certificates");
  for (const [file, days] of [
    ["ca.pem", 300],
    ["cert.pem", 40],
  ] as const)
    writeFileSync(join(folder, file), await authorityOf(key, days));
  writeFileSync(join(folder, "key.pem"), pemOf(key));
  const machines = [
    { name: "one", docker: "unix:///run/docker.sock", address: "10.0.0.1", workers: 1 },
    { name: "two", docker: "tcp://10.0.0.2:2376", address: "10.0.0.2", certificates: folder, workers: 1 },
  ];
  const certificates = { one: (await authorityOf(key, 30)) + pemOf(key), two: await authorityOf(key, 20) };
  const declared = await declare({ machines, monitoring: {} }, 0, {}, { certificates });
  const exporter = containersOf(declared).get("exporter") as unknown as Container;
  const ends = JSON.parse(fileIn(exporter, "/opt/monitoring/settings.json")).certificates;
  const days = Object.entries<number>(ends).map(([what, end]) => [
    what,
    Math.round((end - Date.now() / 1000) / 86_400),
  ]);
  assert.deepEqual(Object.fromEntries(days), {
    "ca.pem of the machine two": 300,
    "cert.pem of the machine two": 40,
    gateways: 20,
  });
  assert.doesNotMatch(fileIn(exporter, "/opt/monitoring/settings.json"), /PRIVATE KEY/);
});

test("the exporter watches the disk of an engine, also if logs are elsewhere, and in a cluster the logs alone", async () => {
  const volumesOn = async (config: object) => {
    const exporter = (await containers({ monitoring: {}, ...config })).get("exporter") ?? assert.fail();
    return JSON.parse(fileIn(exporter, "/opt/monitoring/settings.json")).volumes;
  };
  const logs = "/opt/airflow/logs";
  const engine = ["/", "/etc/hosts"];
  const remote = { logging: { remote_logging: true, remote_base_log_folder: "s3://logs" } };
  assert.deepEqual(await volumesOn({}), { logs: [logs], engine });
  assert.deepEqual(await volumesOn({ settings: remote }), { engine });
  const images = { ...cluster.images, monitoring: "r/monitoring:1" };
  const pods = JSON.stringify(await declare({ ...cluster, images, monitoring: {} })).replaceAll("\\", "");
  assert.match(pods, new RegExp(`"volumes":{"logs":\\["${logs}"\\]},"leases"`));
});

test("a cluster's own Postgres is large at 70 % of its volume", () => {
  const limit = (config: Readonly<Record<string, unknown>>) =>
    alertsOf(settingsFor(config)).DatabaseLarge?.expr;
  const kubernetes = { storage: { postgres: "20Gi" } };
  assert.equal(limit({ ...cluster, kubernetes }), `airflow_database_bytes > ${14 * 2 ** 30}`);
  assert.equal(
    limit({ ...cluster, postgres: { url: "postgresql://airflow:a-long-word@db/airflow" } }),
    undefined,
  );
  assert.equal(limit({}), undefined);
});

test("the monitoring is published on a loopback port, with a login whose password is a file", async () => {
  const all = await containers({ monitoring: { retention: "90d" }, monitoringPort: 8500, adminUser: "ann" });
  const store = all.get("monitoring") ?? assert.fail();
  assert.deepEqual(store.entrypoints.slice(-7), [
    "bash",
    "/opt/monitoring/start.sh",
    "ann",
    "90d",
    "http://127.0.0.1:8500",
    "/",
    "20480MB",
  ]);
  assert.deepEqual(
    store.ports?.map(({ ip, external }) => [ip, external]),
    [["127.0.0.1", 8500]],
  );
  assert.ok(fileIn(store, "/run/secrets/admin_password"));
  assert.doesNotMatch(JSON.stringify(store.entrypoints), /minted/);
});

test("Prometheus scrapes the exporter and further URLs, and Alertmanager gets the webhook and the mail server as a secret file", async () => {
  const server = "mail.example.com:587";
  const email = { to: "ops@example.com", from: "airflow@example.com", server };
  const monitoring = {
    scrape: ["https://10.0.0.5/metrics"],
    alerts: { webhook: "https://hooks.example.com/key", email },
  };
  const all = await containers({ monitoring });
  const store = all.get("monitoring") ?? assert.fail();
  const { scrape_configs: jobs } = JSON.parse(fileIn(store, "/opt/monitoring/prometheus.json"));
  assert.deepEqual(
    jobs.map((job: { scheme: string; static_configs: { targets: string[] }[] }) => [
      job.scheme,
      job.static_configs[0]?.targets[0],
    ]),
    [
      ["http", "exporter:9464"],
      ["https", "10.0.0.5"],
      [undefined, "127.0.0.1:9093"],
    ],
  );
  const { groups } = JSON.parse(fileIn(store, "/opt/monitoring/rules.json"));
  assert.match(JSON.stringify(groups), /NotificationsFail/);
  const { receivers } = JSON.parse(fileIn(store, "/run/secrets/alertmanager.json"));
  assert.deepEqual(receivers, [
    {
      name: "people",
      webhook_configs: [{ url: "https://hooks.example.com/key", send_resolved: true }],
      email_configs: [{ to: email.to, from: email.from, smarthost: server, send_resolved: true }],
    },
  ]);
});

test("Slack gets each alert's summary; a watchdog gets the alert that always fires, which nobody else gets", async () => {
  const slack = "https://hooks.slack.example.com/key";
  const watchdog = "https://watchdog.example.com/key";
  const filesOf = async (alerts: object) => {
    const store = (await containers({ monitoring: { alerts } })).get("monitoring") ?? assert.fail();
    const [rules, config] = ["/opt/monitoring/rules.json", "/run/secrets/alertmanager.json"].map((file) =>
      JSON.parse(fileIn(store, file)),
    );
    return { rules: rules.groups[0].rules.map(({ alert }: { alert: string }) => alert), ...config };
  };
  const both = await filesOf({ slack, watchdog });
  assert.equal(both.rules.at(-1), watchdogAlert);
  assert.deepEqual(both.route.routes, [
    {
      matchers: ['alertname="Watchdog"'],
      receiver: "watchdog",
      group_interval: "1m",
      repeat_interval: "50s",
    },
  ]);
  const [people, dog] = both.receivers;
  assert.equal(people.slack_configs[0].api_url, slack);
  assert.match(people.slack_configs[0].text, /Annotations\.summary/);
  assert.deepEqual([people.webhook_configs, people.email_configs], [undefined, undefined]);
  assert.deepEqual(dog, { name: "watchdog", webhook_configs: [{ url: watchdog, send_resolved: false }] });
  const one = await filesOf({ slack });
  assert.ok(!one.rules.includes(watchdogAlert));
  assert.deepEqual([one.route.routes, one.receivers.length], [[], 1]);
});

test("the monitoring is healthy only if Prometheus and Alertmanager are, where alerts are sent", async () => {
  const asked = async (monitoring: object) => {
    const store = (await containers({ monitoring })).get("monitoring");
    return JSON.stringify(store).match(/http:[^"]*healthy/g);
  };
  const prometheus = "http://127.0.0.1:9090/-/healthy";
  assert.deepEqual(await asked({}), [prometheus]);
  const webhook = "https://hooks.example.com/key";
  assert.deepEqual(await asked({ alerts: { webhook } }), ["http://127.0.0.1:9093/-/healthy", prometheus]);
});

test("the webhook is reached through the proxy of its scheme, unless the proxy exempts its host", async () => {
  const proxy = {
    http: "http://plain.example.com:3128",
    https: "http://proxy.example.com:3128",
    no: [".corp.example.com", "hooks.example.net:8443", "10.1.0.0/16", "10.2.0.1"],
  };
  const through = async (webhook: string, given: Partial<typeof proxy> = proxy) => {
    const all = await containers({ monitoring: { alerts: { webhook } }, proxy: given });
    const config = fileIn(all.get("monitoring") ?? assert.fail(), "/run/secrets/alertmanager.json");
    return JSON.parse(config).receivers[0].webhook_configs[0].http_config?.proxy_url;
  };
  assert.equal(await through("https://hooks.example.com/x"), proxy.https);
  assert.equal(await through("http://hooks.example.com/x"), proxy.http);
  assert.equal(await through("https://hooks.example.net/x"), proxy.https);
  assert.equal(await through("https://10.2.0.2/x"), proxy.https);
  assert.equal(await through("https://notcorp.example.com/x"), proxy.https);
  for (const url of [
    "https://alerts.corp.example.com/x",
    "https://hooks.example.net:8443/x",
    "https://10.1.2.3/x",
    "https://10.2.0.1/x",
  ])
    assert.equal(await through(url), undefined, url);
  assert.equal(await through("https://hooks.example.com/x", { no: ["*"], https: proxy.https }), undefined);
  assert.equal(await through("https://hooks.example.com/x", { http: proxy.http }), undefined);
});

test("alerts and dashboards together query exactly the metric families of the table", () => {
  const alerts = Object.values(alertsOf(whole)).map(({ expr }) => expr);
  const lines = Object.values(dashboards).flatMap(({ panels }) => panels.flatMap((panel) => panel.lines));
  assert.deepEqual(namesIn([...alerts, ...lines.map(([expr]) => expr)]), Object.keys(families).sort());
});

test("texts of alerts and lines use only labels of the metric families", () => {
  const known = new Set([
    ...Object.values(families).flatMap(({ labels }) => labels),
    "alertname",
    "integration",
  ]);
  const summaries = Object.values(alertsOf(whole)).map(({ summary }) => summary);
  const lines = Object.values(dashboards).flatMap(({ panels }) => panels.flatMap((panel) => panel.lines));
  const labelsIn = (texts: readonly string[], form: RegExp) =>
    texts.flatMap((text) => [...text.matchAll(form)].map(([, label = ""]) => label));
  const used = [
    ...labelsIn(summaries, /\$labels\.(\w+)/g),
    ...labelsIn(
      lines.map(([, name]) => name),
      /\{\{(\w+)\}\}/g,
    ),
  ];
  assert.notEqual(used.length, 0);
  assert.deepEqual(
    used.filter((label) => !known.has(label)),
    [],
  );
});

test("thresholds of alerts follow the stack's canary, backup and autoscaling", () => {
  const none = alertsOf(settingsFor({}));
  assert.equal(none.CanaryFails ?? none.BackupOld, undefined);
  const rare = alertsOf(settingsFor({ canary: { every: "1h" }, backup: { every: "24h" } }));
  assert.match(rare.CanaryFails?.expr ?? "", /> 3600$/);
  assert.match(rare.BackupOld?.expr ?? "", new RegExp(`> ${26 * 3600}$`));
  assert.equal(rare.DatabaseLogOld, undefined);
  const continuous = alertsOf(settingsFor({ backup: { every: "24h", continuous: true } }));
  assert.match(continuous.BackupOld?.expr ?? "", /airflow_backup_base_seconds > 93600$/);
  assert.match(continuous.DatabaseLogOld?.expr ?? "", /airflow_backup_moment_seconds > 300$/);
  const groups = [{ ...whole.groups[0], autoscale: { min: 0, max: 3 } }] as typeof whole.groups;
  assert.deepEqual(
    [whole.groups, groups].map((of) => alertsOf({ ...whole, groups: of }).QueueUnread?.lasts),
    [60, 300],
  );
});

test("an alert that an outage of its source has ended comes back within ten minutes", () => {
  const late = Object.entries(alertsOf(whole)).filter(([, { lasts }]) => lasts > 600);
  assert.deepEqual(late, []);
});

test("each role of the version that has heartbeats has an alert about them", () => {
  const heartbeats = (version: string) => {
    const { SchedulerSilent, RoleSilent } = alertsOf(settingsFor({ version }));
    return [SchedulerSilent, RoleSilent].map((alert) => /role=~?"(.*)"/.exec(alert?.expr ?? "")?.[1]);
  };
  assert.deepEqual(heartbeats(whole.version), ["scheduler", "dag-processor|triggerer"]);
  assert.deepEqual(heartbeats("2.11.2"), ["scheduler", "triggerer"]);
});

test("alerts about Airflow 2 need no series that only workers of Airflow 3 report", () => {
  const alerts = alertsOf(settingsFor({ version: "2.11.2" }));
  assert.equal(alerts.QueueSlow?.expr, "airflow_queue_oldest_seconds > 300");
  assert.doesNotMatch(JSON.stringify(alerts), /airflow_(queue_consumers|queue_places|worker_)/);
});

test("the page about monitoring has a section for each alert", () => {
  const page = readFileSync("docs/monitoring.md", "utf8");
  for (const name of Object.keys(alertsOf(whole))) assert.match(page, new RegExp(`^### ${name}$`, "m"));
});

test("a dashboard has all its queries in Prometheus' consoles and in Grafana", () => {
  const pages = Object.values(consoles("/c"));
  for (const [at, [file, dashboard]] of Object.entries(dashboards).entries()) {
    const wanted = dashboard.panels.map(({ lines }) => lines.map(([expr]) => expr));
    const graphs = [...String(pages[at]).matchAll(/PromConsole\.Graph\(\{\.\.\.(\{.*?\}), node/g)];
    assert.deepEqual(
      graphs.map(([, text = ""]) => JSON.parse(text).expr),
      wanted,
    );
    const { panels } = forGrafana(file, dashboard) as { panels: { targets: { expr: string }[] }[] };
    assert.deepEqual(
      panels.map(({ targets }) => targets.map(({ expr }) => expr)),
      wanted,
    );
  }
});

test("in a cluster the monitoring gets the same files, and only Prometheus may reach the exporter", async () => {
  const withMonitoring = { ...cluster, images: { ...cluster.images, monitoring: "r/monitoring:1" } };
  const objects = await declared({ ...withMonitoring, monitoring: {} });
  const ingress = (name: string) => specOf(objects, `NetworkPolicy ${name}`).ingress;
  assert.deepEqual(ingress("exporter"), [
    {
      from: [{ podSelector: { matchLabels: { "reaches/exporter": "true" } } }],
      ports: [{ port: 9464, protocol: "TCP" }],
    },
  ]);
  const there = programsOf(await declare({ ...withMonitoring, monitoring: {} }));
  const here = programsOf(await declare({ monitoring: {} }));
  for (const name of ["exporter", "monitoring"]) {
    const [one, other] = [there, here].map((all) => all.find((program) => program.name === name));
    const scratch = ["/tmp", "/dev/shm", "/run/secrets"];
    const paths = [...(one?.paths ?? [])].filter((path) => !scratch.includes(path));
    assert.deepEqual(paths.sort(), [...(other?.paths ?? [])].sort(), name);
  }
});

test("the exporter exposes each family with the labels of the table, given a broker and a database that answer", async () => {
  await run("python3", ["test/unit/monitoring/exporter.py"], {
    env: { FAMILIES: JSON.stringify(families) },
  });
});
