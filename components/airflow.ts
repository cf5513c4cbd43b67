import * as pulumi from "@pulumi/pulumi";
import { type Role, roleTable } from "../roles.ts";
import { airflowOption, logsAreRemote } from "../settings/model/airflowOptions.ts";
import { isOnOneMachine, type Settings, triggerersOf } from "../settings/model/groups.ts";
import { codeFiles, webserverConfig } from "../settings/model/names/ownCode.ts";
import { flowerPath } from "../settings/model/published.ts";
import { parallelismFor, slotsOf } from "../settings/model/slots.ts";
import type { AirflowSettings } from "../settings/schema/airflowCfg.ts";
import { majorOf, rolesIn } from "../settings/schema/versions.ts";
import { instances, type Platform } from "../workload.ts";
import { Backup, Restoration } from "./backup/backup.ts";
import { Canary } from "./canary/canary.ts";
import { proofRequest } from "./canary/request.ts";
import { dagsOf } from "./dags.ts";
import { metadataLogin } from "./database.ts";
import { Declarations } from "./declarations/declarations.ts";
import { declaredNames, isNothing, type Names, noNames } from "./declarations/record.ts";
import { Migration } from "./migration/migration.ts";
import { Exporter } from "./monitoring/exporter.ts";
import { Monitoring } from "./monitoring/monitoring.ts";
import { publishServices } from "./publish.ts";
import { retentionFiles } from "./retention/retention.ts";
import { DagProcessor } from "./roles/dagProcessor.ts";
import { environment } from "./roles/environment.ts";
import { extrasOf } from "./roles/extras.ts";
import { Flower } from "./roles/flower.ts";
import { loginSettings } from "./roles/login/login.ts";
import { outboundProxyOf } from "./roles/proxy.ts";
import type { RoleArgs } from "./roles/role.ts";
import { Scheduler } from "./roles/scheduler.ts";
import { observing } from "./roles/tracing.ts";
import { Triggerer } from "./roles/triggerer.ts";
import type { AirflowVersion } from "./roles/versions/version.ts";
import { versionOf } from "./roles/versions/versionOf.ts";
import { Webserver } from "./roles/webserver.ts";
import { Worker } from "./roles/worker.ts";
import { Secrets } from "./secrets.ts";
import type { Replaced } from "./services/logins.ts";
import { servicesOf } from "./services/services.ts";
import { turnsOf } from "./turns.ts";

/** Names the user's `webserver_config.py`, if there is one. */
function webserverConfigOf(
  settings: Settings,
  { webserverConfig: section }: AirflowVersion,
): AirflowSettings {
  const isThere = codeFiles(settings).some(({ path }) => path === webserverConfig);
  return isThere ? { [section]: { config_file: webserverConfig } } : {};
}

/** Facts of earlier deployments. */
export interface Past {
  /** Names that were once declared, to delete from Airflow; default: none. */
  readonly deleted?: Names;
  /** Names of the existing workers, which are replaced in turns; default: none. */
  readonly workers?: readonly string[];
  /** Values of the stack file, for backups. */
  readonly config?: Readonly<Record<string, string>>;
  /** True if a backup is restored before anything uses the databases. */
  readonly restores?: boolean;
  /** Times each secret was replaced; default: never. */
  readonly replaced?: Replaced;
}

/** Lists the proxies before a published webserver: load balancers with known addresses, or whatever the network policies let in. */
function proxiesBefore({ kubernetes }: Settings): readonly string[] {
  const { namespace, from = [] } = kubernetes?.ingress ?? {};
  return namespace === undefined && from.length > 0 ? from : ["*"];
}

/** Airflow on Celery: scheduler -> Redis -> workers -> Postgres -> scheduler, with Flower and the webserver looking on. */
export class Airflow extends pulumi.ComponentResource {
  readonly webserverUrl: string;
  readonly flowerUrl: string;
  /** URL of the monitoring; undefined if the stack has none. */
  readonly monitoringUrl: string | undefined;
  readonly adminPassword: pulumi.Output<string>;
  readonly workers: readonly string[];
  /** Airflow version of the metadata database; known only once the migration has succeeded. */
  readonly version: pulumi.Output<string>;
  /** Keys that open the stack's backups, the current one first; undefined without backups. */
  readonly backupKeys: pulumi.Output<string> | undefined;

  constructor(
    name: string,
    platform: Platform,
    settings: Settings,
    { deleted = noNames, workers = [], config = {}, restores = false, replaced }: Past = {},
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("airflow:index:Airflow", name, {}, opts);
    const { adminUser, groups } = settings;
    const version = versionOf(settings.version);
    const secrets = new Secrets("secrets", { platform, settings }, { parent: this });
    const { adminPassword } = secrets.values;

    const webserverEndpoint = platform.endpoint("webserver", roleTable.webserver.port);
    const dags = dagsOf(platform, settings, this);
    const data = platform.volume("data", "shared");
    const published = publishServices(platform, settings);
    const publicUrl =
      published?.webserverUrl ??
      (settings.kubernetes?.ingress && platform.url("webserver", settings.webserverPort));
    const proxy = outboundProxyOf(platform, settings);
    const extras = extrasOf({ platform, settings, data, proxy });
    const services = servicesOf(platform, settings, { secrets, replaced, image: dags.image, extras }, this);
    const { broker, server, database, ready } = services;
    const shared: RoleArgs = {
      platform,
      image: dags.image,
      dags: dags.volume,
      logs: logsAreRemote(settings) ? undefined : platform.volume("logs", "shared"),
      retention: retentionFiles(settings),
      redis: broker.target,
      postgres: database.target,
      results: database.resultsTarget,
      version,
      environment: environment({
        version: settings.version,
        broker,
        database,
        server,
        webserver: webserverEndpoint,
        publicUrl,
        localUrl: platform.url("webserver", settings.webserverPort),
        secrets,
        adminUser,
        namesInstances: platform.namesInstances,
        parallelism: parallelismFor(slotsOf(groups), settings.schedulers),
        settings: [
          dags.settings,
          webserverConfigOf(settings, version),
          observing(settings),
          loginSettings(settings),
          settings.settings,
        ],
      }),
      extras,
    };

    const databases = { platform, settings, server };
    const restored = restores
      ? [new Restoration("restore", databases, { parent: this, dependsOn: ready.server }).done]
      : ready.server;
    const migration = new Migration(
      "migration",
      {
        ...shared,
        postgres: server.target,
        adminUser,
        adminPassword,
        replaced: secrets.replaced.adminPassword,
        reencrypts: settings.previousSecrets === "dropped",
        maxSeconds: settings.migrationSeconds,
      },
      { parent: this, dependsOn: restored },
    );
    const { connections, variables, pools, users } = settings;
    const declared = { connections, variables, pools, users };
    if (![declaredNames(settings), deleted].every(isNothing)) {
      new Declarations(
        "declarations",
        { ...shared, postgres: server.target, declared, deleted },
        { parent: this, dependsOn: [migration.done] },
      );
    }
    const ownTriggerers = triggerersOf(groups);
    const servedQueues = ownTriggerers.flatMap(({ group }) => group.queues);
    const migrated = { parent: this, dependsOn: [migration.done, ...ready.broker, ...ready.database] };
    const defaultQueue = airflowOption(settings, "operators.default_queue")?.value ?? "default";
    const path = flowerPath(settings);
    const webserver = new Webserver(
      "webserver",
      {
        ...shared,
        endpoint: webserverEndpoint,
        webservers: settings.webservers,
        loopbackPort: settings.webserverPort,
        trustedProxies: publicUrl === undefined ? settings.trustedProxies : proxiesBefore(settings),
        flower:
          path === undefined
            ? undefined
            : {
                endpoint: platform.endpoint("flower", roleTable.flower.port),
                path,
                login: pulumi.interpolate`${adminUser}:${adminPassword}`,
              },
        logServers: [
          ...groups.map((group) => platform.endpoint(group.name, roleTable.worker.port)),
          ...["triggerer", ...ownTriggerers.map((own) => own.name)].map((service) =>
            platform.endpoint(service, roleTable.triggerer.port),
          ),
        ],
      },
      migrated,
    );
    const byRole = {
      migration,
      webserver,
      // The webserver, which checks tokens, must know a new key before the scheduler signs with it.
      scheduler: new Scheduler(
        "scheduler",
        { ...shared, schedulers: settings.schedulers },
        { parent: this, dependsOn: [webserver] },
      ),
      "dag-processor":
        rolesIn(settings.version).includes("dag-processor") &&
        new DagProcessor("dag-processor", shared, migrated),
      triggerer: [
        new Triggerer("triggerer", { ...shared, triggerers: settings.triggerers, servedQueues }, migrated),
        ...ownTriggerers.map(
          (own) =>
            new Triggerer(
              own.name,
              { ...shared, triggerers: own.count, group: own.group, servedQueues },
              migrated,
            ),
        ),
      ],
      // Tasks need the webserver: a worker finishes its tasks and stops before the webserver does.
      worker: groups.map(
        (group) =>
          new Worker(
            group.name,
            {
              ...shared,
              group,
              turns: turnsOf(group, groups, workers),
              webserver: webserverEndpoint,
              metadata: group.autoscale && metadataLogin(server, settings.extraHosts),
              data,
              isOnOneMachine: isOnOneMachine(settings),
              defaultQueue,
              graceSeconds: settings.workerGraceSeconds,
            },
            { parent: this, dependsOn: [webserver] },
          ),
      ),
      flower: new Flower(
        "flower",
        { ...shared, loopbackPort: settings.flowerPort, path },
        { parent: this, dependsOn: ready.broker },
      ),
    } satisfies Record<Role, unknown>;

    if (settings.canary) {
      new Canary(
        "canary",
        {
          ...shared,
          request: proofRequest(settings, false),
          everySeconds: settings.canary.every,
          major: majorOf(settings.version),
          webserver: webserverEndpoint,
          adminUser,
          adminPassword,
        },
        { parent: this, dependsOn: [webserver, ...ready.broker] },
      );
    }

    const monitoring =
      settings.monitoring &&
      new Monitoring(
        "monitoring",
        {
          platform,
          settings,
          monitoring: settings.monitoring,
          exporter: new Exporter("exporter", { ...shared, settings, defaultQueue }, migrated).endpoint,
          adminPassword,
        },
        { parent: this },
      );

    const backup =
      settings.backup &&
      new Backup(
        "backup",
        { ...databases, schedule: settings.backup, secrets, image: dags.image, config, proxy },
        { parent: this, dependsOn: [migration.done] },
      );

    published?.open({ parent: this, dependsOn: ready.broker });

    this.webserverUrl = published?.webserverUrl ?? webserver.url;
    this.flowerUrl =
      path === undefined
        ? (published?.flowerUrl ?? byRole.flower.url)
        : `${new URL(this.webserverUrl).origin}${path}/`;
    this.monitoringUrl = monitoring && (published?.monitoringUrl ?? monitoring.url);
    this.adminPassword = adminPassword;
    this.backupKeys = backup?.keys;
    this.workers = groups.flatMap(({ name, workers }) => instances(name, { replicas: workers }));
    this.version = pulumi.output(migration.done).apply(({ urn }) => urn.apply(() => settings.version));
    this.registerOutputs();
  }
}
