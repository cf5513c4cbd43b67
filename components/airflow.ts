import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../settings/groups.ts";
import { parallelismFor, slotsOf } from "../settings/slots.ts";
import { instances, type Platform } from "../workload.ts";
import { DagProcessor } from "./dagProcessor.ts";
import { dagsOf } from "./dags.ts";
import { environment } from "./environment.ts";
import { Flower } from "./flower.ts";
import { hasLogins, Logins } from "./logins.ts";
import { Migration } from "./migration.ts";
import { Postgres } from "./postgres.ts";
import { Redis } from "./redis.ts";
import type { RoleArgs } from "./role.ts";
import { Scheduler } from "./scheduler.ts";
import { Secrets } from "./secrets.ts";
import { Triggerer, triggererLogPort } from "./triggerer.ts";
import { Webserver } from "./webserver.ts";
import { Worker, workerLogPort } from "./worker.ts";

/** Whether task logs are kept elsewhere, so that roles need not share a volume for them. */
function logsAreRemote({ settings }: Settings): boolean {
  return settings.logging?.remote_logging?.toLowerCase() === "true";
}

/** Airflow on Celery: scheduler -> Redis -> workers -> Postgres -> scheduler, with Flower and the webserver looking on. */
export class Airflow extends pulumi.ComponentResource {
  readonly webserverUrl: string;
  readonly flowerUrl: string;
  readonly adminPassword: pulumi.Output<string>;
  readonly workers: readonly string[];

  constructor(name: string, platform: Platform, settings: Settings, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Airflow", name, {}, opts);
    const { images, adminUser, groups } = settings;
    const secrets = new Secrets("secrets", { platform, settings }, { parent: this });
    const { adminPassword, brokerPassword } = secrets.values;

    const redis = new Redis("redis", { platform, image: images.redis, secrets }, { parent: this });
    const postgres = new Postgres(
      "postgres",
      { platform, image: images.postgres, secrets },
      { parent: this },
    );
    const logins = hasLogins(settings)
      ? new Logins(
          "logins",
          { platform, image: images.postgres, postgres: postgres.endpoint, secrets },
          { parent: this, dependsOn: [postgres] },
        )
      : undefined;

    const webserverEndpoint = platform.endpoint("webserver", 8080);
    const dags = dagsOf(platform, settings, this);
    const shared: RoleArgs = {
      platform,
      image: dags.image,
      dags: dags.volume,
      logs: logsAreRemote(settings) ? undefined : platform.volume("logs", "shared"),
      redis: redis.endpoint,
      postgres: postgres.endpoint,
      environment: environment({
        brokerUrl: redis.url,
        metadataUrl: postgres.metadataUrl,
        resultsUrl: postgres.resultsUrl,
        webserver: webserverEndpoint,
        publicUrl: settings.kubernetes?.ingress && platform.url("webserver", settings.webserverPort),
        secrets,
        adminUser,
        namesInstances: platform.namesInstances,
        parallelism: parallelismFor(slotsOf(groups), settings.schedulers),
        settings: [dags.settings, settings.settings],
      }),
    };

    const migration = new Migration(
      "migration",
      {
        ...shared,
        adminUser,
        adminPassword,
        replaced: secrets.replaced.adminPassword,
        reencrypts: settings.previousSecrets === "dropped",
      },
      { parent: this, dependsOn: [postgres, ...(logins ? [logins.done] : [])] },
    );
    const migrated = { parent: this, dependsOn: [migration.done, redis] };
    const webserver = new Webserver(
      "webserver",
      {
        ...shared,
        endpoint: webserverEndpoint,
        webservers: settings.webservers,
        loopbackPort: settings.webserverPort,
        logServers: [
          ...groups.map((group) => platform.endpoint(group.name, workerLogPort)),
          platform.endpoint("triggerer", triggererLogPort),
        ],
      },
      migrated,
    );
    // Who checks tokens knows a new key before anybody signs with it.
    new Scheduler(
      "scheduler",
      { ...shared, schedulers: settings.schedulers },
      { parent: this, dependsOn: [webserver] },
    );
    new DagProcessor(
      "dag-processor",
      { ...shared, readsRepository: settings.dagsGit !== undefined },
      migrated,
    );
    new Triggerer("triggerer", shared, migrated);
    const flower = new Flower(
      "flower",
      { ...shared, loopbackPort: settings.flowerPort },
      { parent: this, dependsOn: [redis] },
    );

    const data = platform.volume("data", "shared");
    for (const group of groups) {
      // A worker outlives nothing that its tasks need: it is stopped before the webserver, and finishes them first.
      new Worker(
        group.name,
        {
          ...shared,
          group,
          webserver: webserverEndpoint,
          brokerPassword,
          data,
          defaultQueue: settings.settings.operators?.default_queue ?? "default",
          graceSeconds: settings.workerGraceSeconds,
        },
        { parent: this, dependsOn: [webserver] },
      );
    }

    this.webserverUrl = webserver.url;
    this.flowerUrl = flower.url;
    this.adminPassword = adminPassword;
    this.workers = groups.flatMap(({ name, workers }) => instances(name, { replicas: workers }));
    this.registerOutputs();
  }
}
