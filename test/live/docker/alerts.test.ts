import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { type Alerting, alertsOf, watchdogAlert } from "../../../components/monitoring/alerts.ts";
import { machineCertificate } from "../../../platforms/docker/certificate.ts";
import { defaultVersion } from "../../../settings/schema/versions.ts";
import { ensureImages } from "../../../tools/images.ts";
import { placeOfBackups, takeBackup } from "../../../tools/lib/backup/store.ts";
import { fill, ownDisk, unfill } from "../../drill/nemesis/disk.ts";
import { deafen } from "../lib/faults.ts";
import { type Config, isRunning, TestStack } from "../lib/harness.ts";
import { Prometheus, problems } from "../lib/monitoring.ts";
import { dropPackets, passPackets } from "../lib/network.ts";
import { query } from "../lib/services.ts";
import { runsUndisturbed } from "../lib/undisturbed.ts";
import { docker, pauseBy } from "../targets/docker.ts";
import { flowerIsClosed } from "./around.ts";
import { Receivers } from "./receivers.ts";

const port = 18360;
const monitoringPort = port + 1;
const stack = new TestStack("livetest-alerts", port);
const receivers = new Receivers();

before(() => ensureImages(["monitoring", "backup"]));
after(() => receivers.close());
after(() => stack.discard());

/** Writes a certificate that is valid for some days, and its key; returns the settings that publish the stack with them. */
async function publish(days: number): Promise<Config> {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const certificate = join(stack.folder, `${days}-days.pem`);
  const key = join(stack.folder, `${days}-days.key`);
  const name = "airflow.test";
  writeFileSync(certificate, await machineCertificate(name, createPublicKey(privateKey), privateKey, days));
  writeFileSync(key, privateKey.export({ type: "pkcs8", format: "pem" }));
  const ports = { webserverPort: port + 4, flowerPort: port + 5, monitoringPort: port + 6 };
  return { publish: { address: "127.0.0.1", certificate, key: { file: key }, ...ports } };
}

const config = {
  workers: 1,
  redis: { memory: 128 },
  workerGroups: [{ name: "gpu", queues: ["gpu"], concurrency: 1 }],
  monitoringPort,
  canary: { every: "1m" },
  backup: { every: "1h", keep: 2, continuous: true },
};

let monitored: Config;
let prometheus: Prometheus;

const name = (instance: string) => `${stack.prefix}-${instance}`;

const pause = (instance: string) => pauseBy(() => docker("pause", name(instance)));

function sql(statement: string): Promise<string> {
  return query(stack, "postgres", "postgres_password", "airflow", statement);
}

function fail(dag: string, run: string): Promise<unknown> {
  return stack.api.call(`/dags/${dag}/dagRuns/${run}`, "PATCH", { state: "failed" });
}

/** Lets time pass for the events of a name: sets them back. */
function setBack(event: string, interval: string): Promise<string> {
  return sql(`UPDATE log SET dttm = dttm - interval '${interval}' WHERE event = '${event}'`);
}

/** Problem that makes alerts fire while it lasts. */
interface Problem {
  readonly alerts: readonly (keyof ReturnType<typeof alertsOf>)[];
  cause(): Promise<unknown>;
  end(): Promise<unknown>;
}

const unread = `from airflow.sdk import dag, task


@dag(schedule=None)
def unread():
    @task(queue="nobody")
    def wait():
        pass

    wait()


unread()
`;
let unreadRun: string;
const broken = join(stack.dags, "broken.py");
const sleepers = "alerts test";
const logs = async () =>
  (await docker("volume", "inspect", "--format", "{{.Mountpoint}}", name("logs"))).trim();

/** Problems that do not touch each other. */
const independent: readonly Problem[] = [
  {
    alerts: ["ImportErrors"],
    cause: async () => writeFileSync(broken, "from airflow.sdk import dag\n\nimport nope\n"),
    end: async () => rmSync(broken),
  },
  {
    alerts: ["BackupOld", "DatabaseLogOld"],
    cause: async () => {
      await prometheus.selects("airflow_backup_time_seconds > 0 and airflow_backup_moment_seconds > 0", 240);
      await pause("backup");
      await setBack("airflow_on_celery.backup", "4 hours");
      await sql(`UPDATE log SET extra = '{}' WHERE event = 'airflow_on_celery.moments'`);
    },
    end: async () => {
      await docker("unpause", name("backup"));
      await takeBackup(await placeOfBackups(stack.stack, stack.stack.deployed()));
    },
  },
  {
    alerts: ["ConnectionsShort"],
    cause: async () => {
      const [open] = await prometheus.selects(
        "airflow_database_connections_budget - airflow_database_connections + 1",
        60,
      );
      const sleep =
        'for at in $(seq "$1"); do PGPASSWORD=$(cat /run/secrets/metadata_password) PGAPPNAME="$2" ' +
        "psql -h 127.0.0.1 -U airflow -d airflow -c 'SELECT pg_sleep(600)' & done; wait";
      const command = ["sh", "-c", sleep, "sleep", open?.value[1] ?? "", sleepers];
      await docker("exec", "--detach", name("postgres"), ...command);
    },
    end: () =>
      sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '${sleepers}'`),
  },
  {
    alerts: ["QueueUnread"],
    cause: async () => {
      writeFileSync(join(stack.dags, "unread.py"), unread);
      unreadRun = await stack.trigger("unread");
    },
    end: async () => {
      await fail("unread", unreadRun);
      await stack.broker("redis.delete('nobody')");
    },
  },
  {
    alerts: ["TasksLost", "CanaryFails"],
    cause: async () => {
      const run = await stack.trigger("naps", { seconds: 60 });
      await stack.tasks("naps", run, "four running tasks", (all) => all.filter(isRunning).length === 4);
      await stack.crash("worker-1");
    },
    end: async () => {
      await docker("start", name("worker-1"));
      await setBack("worker died", "10 minutes");
    },
  },
];

/** Run whose tasks the scheduler cannot send. */
let unsent: string;

/** Process of the scheduler, and the packets between the scheduler and Redis. */
async function schedulerFromRedis() {
  const inspect = async (instance: string, format: string) =>
    (await docker("inspect", "--format", format, name(instance))).trim();
  const address = await inspect("redis", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}");
  const pid = Number(await inspect("scheduler", "{{.State.Pid}}"));
  return { pid, loss: { peers: [address], share: 1 } };
}

/** Problems of services that the others need, one after the other. */
const disruptive: readonly Problem[] = [
  {
    alerts: ["DiskFull"],
    cause: async () => {
      const user = {
        release: () => docker("stop", name("exporter")),
        take: () => docker("start", name("exporter")),
      };
      await ownDisk(await logs(), 64, user);
      fill(await logs());
      // Their logs do not fit, but the tasks do not need them.
      await runsUndisturbed(stack, "naps", await stack.trigger("naps"), 6);
    },
    end: async () => unfill(await logs()),
  },
  {
    alerts: ["BrokerFull", "PublishFails"],
    cause: async () => {
      const pushes = "[redis.rpush('filler', 'x' * 2 ** 20) for _ in range(1000)]";
      await assert.rejects(stack.broker(pushes), /OutOfMemoryError/);
      const { pid, loss } = await schedulerFromRedis();
      await dropPackets(pid, loss);
      unsent = await stack.trigger("naps");
    },
    end: async () => {
      await stack.broker("redis.delete('filler')");
      const { pid, loss } = await schedulerFromRedis();
      await passPackets(pid, loss);
      await runsUndisturbed(stack, "naps", unsent, 6);
    },
  },
  {
    alerts: ["SourceSilent", "SchedulerSilent", "RoleSilent"],
    cause: () => Promise.all(["redis", "scheduler", "triggerer"].map(pause)),
    end: () => docker("unpause", ...["redis", "scheduler", "triggerer"].map(name)),
  },
];

async function fireAndStop({ alerts, cause, end }: Problem): Promise<void> {
  await cause();
  await prometheus.alerts(alerts, true, 240);
  await end();
  await prometheus.alerts(alerts, false, 240);
}

const title = ({ alerts }: Problem) => `${alerts.join(" and ")} fire while their cause lasts`;

/** Run whose second task waits for the only place of the queue `gpu`, longer than this file takes on a busy machine. */
let slow: string;

test("a stack without problems has no alert but the one about a certificate that ends within 14 days", async () => {
  monitored = { ...config, monitoring: { alerts: await receivers.start(stack) } };
  await stack.up({ ...monitored, ...(await publish(10)) });
  prometheus = new Prometheus(`http://127.0.0.1:${monitoringPort}`, stack.outputs);
  await prometheus.alerts(["CertificateEnds"], true, 120);
  await prometheus.selects("airflow_canary_success", 180);
  // Rules wait for ten minutes at most; what follows a shorter wait is the same.
  const shorten = `sed -i -E 's/"for": "[0-9]{3,}s"/"for": "60s"/' /opt/monitoring/rules.json`;
  await docker("exec", "--user", "0", name("monitoring"), "sh", "-c", shorten);
  assert.deepEqual(await prometheus.firing(), ["CertificateEnds"]);
  await docker("exec", name("monitoring"), "sh", "-c", "kill -HUP $(pidof prometheus)");
  slow = await stack.trigger("gpu_naps", { seconds: 3600 });
});

test("each receiver is told in its form, and of the alert that always fires only the watchdog is", async () => {
  await receivers.got("webhook", "CertificateEnds", '"status":"firing"');
  await receivers.got("slack", "FIRING: CertificateEnds", "expires within 14 days");
  await receivers.got("watchdog", watchdogAlert);
  assert.deepEqual([...new Set(receivers.toldOf("webhook"))], ["CertificateEnds"]);
  assert.deepEqual([...new Set(receivers.toldOf("watchdog"))], [watchdogAlert]);
});

test("a published Flower is reached over TLS alone, with its password", () =>
  flowerIsClosed(port + 5, stack.outputs));

suite("problems side by side", { concurrency: true }, () => {
  for (const problem of independent) test(title(problem), () => fireAndStop(problem));

  // Its end takes the five minutes of its expression: the last alert's end shows that one, too.
  test("NotificationsFail fires while receivers refuse what they are told", async () => {
    receivers.refuse = true;
    await prometheus.alerts(["NotificationsFail"], true, 240);
    receivers.refuse = false;
  });
});

for (const problem of disruptive) test(title(problem), () => fireAndStop(problem));

test("QueueSlow fires while a message waits behind a long task, and WorkerIdle while that worker reads no queue", async () => {
  await prometheus.alerts(["QueueSlow"], true, 420);
  await deafen(stack, "worker-gpu-1", "gpu");
  await prometheus.alerts(["WorkerIdle"], true, 180);
  await fail("gpu_naps", slow);
  await prometheus.alerts(["QueueSlow", "WorkerIdle"], false, 240);
});

test("CertificateEnds stops once the certificate is renewed; then no alert is left, and each has fired", async () => {
  await stack.up({ ...monitored, ...(await publish(90)) });
  await prometheus.alerts(["CertificateEnds"], false, 120);
  await prometheus.selects(`absent(${problems})`, 300);
  const fired = await prometheus.query(`group by (alertname) (last_over_time(${problems}[1h]))`);
  const all = alertsOf({
    platform: "docker",
    version: defaultVersion,
    canary: { every: 60 },
    backup: { every: 3600, continuous: true },
    groups: [],
    monitoring: { alerts: {} },
    postgres: {},
  } as unknown as Alerting);
  assert.deepEqual(fired.map(({ metric }) => metric.alertname).sort(), Object.keys(all).sort());
});

test("exporter and monitoring killed while tasks run: no task notices, and the series of before are kept", async () => {
  const run = await stack.trigger("naps", { seconds: 20 });
  await stack.tasks("naps", run, "running tasks", (all) => all.some(isRunning));
  for (const instance of ["exporter", "monitoring"]) await stack.crash(instance);
  await runsUndisturbed(stack, "naps", run, 6);
  await docker("start", name("exporter"), name("monitoring"));
  await prometheus.selects("airflow_source_up offset 5m", 60);
  await prometheus.selects("airflow_source_up", 60);
});
