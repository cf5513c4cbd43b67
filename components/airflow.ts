import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";
import type { Platform } from "../workload.ts";
import { DagProcessor } from "./dagProcessor.ts";
import { environment } from "./environment.ts";
import { Flower } from "./flower.ts";
import { Migration } from "./migration.ts";
import { Postgres } from "./postgres.ts";
import { Redis } from "./redis.ts";
import type { RoleArgs } from "./role.ts";
import { Scheduler } from "./scheduler.ts";
import { Secrets } from "./secrets.ts";
import { Triggerer } from "./triggerer.ts";
import { Webserver } from "./webserver.ts";
import { Worker } from "./worker.ts";

/** Airflow on Celery: scheduler -> Redis -> workers -> Postgres -> scheduler, with Flower and the webserver looking on. */
export class Airflow extends pulumi.ComponentResource {
  readonly webserverUrl: string;
  readonly flowerUrl: string;
  readonly adminPassword: pulumi.Output<string>;
  readonly workers: readonly string[];

  constructor(name: string, platform: Platform, settings: Settings, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Airflow", name, {}, opts);
    const { images, adminUser } = settings;
    const secrets = new Secrets("secrets", { parent: this }).values;
    const { adminPassword, brokerPassword } = secrets;

    const redis = new Redis(
      "redis",
      { platform, image: images.redis, password: brokerPassword },
      { parent: this },
    );
    const postgres = new Postgres(
      "postgres",
      { platform, image: images.postgres, secrets },
      { parent: this },
    );

    const endpoint = platform.endpoint("webserver", 8080);
    const shared: RoleArgs = {
      platform,
      image: images.airflow,
      dags: { kind: "directory", path: settings.dags },
      logs: platform.volume("logs"),
      environment: environment({
        broker: redis.endpoint,
        postgres: postgres.endpoint,
        webserver: endpoint,
        secrets,
        adminUser,
        workerConcurrency: settings.workerConcurrency,
        settings: settings.settings,
      }),
    };
    const data = platform.volume("data");

    const migration = new Migration(
      "migration",
      { ...shared, adminUser, adminPassword },
      { parent: this, dependsOn: [postgres] },
    );
    const migrated = { parent: this, dependsOn: [migration.done, redis] };
    const webserver = new Webserver(
      "webserver",
      { ...shared, endpoint, loopbackPort: settings.webserverPort },
      migrated,
    );
    new Scheduler("scheduler", shared, migrated);
    new DagProcessor("dag-processor", shared, migrated);
    new Triggerer("triggerer", shared, migrated);
    const flower = new Flower(
      "flower",
      { ...shared, loopbackPort: settings.flowerPort },
      { parent: this, dependsOn: [redis] },
    );

    this.workers = Array.from({ length: settings.workers }, (_, index) => `worker-${index + 1}`);
    for (const worker of this.workers) {
      // A worker outlives nothing that its tasks need: it is stopped before the webserver, and finishes them first.
      new Worker(
        worker,
        { ...shared, data, graceSeconds: settings.workerGraceSeconds },
        { parent: this, dependsOn: [webserver] },
      );
    }

    this.webserverUrl = webserver.url;
    this.flowerUrl = flower.url;
    this.adminPassword = adminPassword;
    this.registerOutputs();
  }
}
