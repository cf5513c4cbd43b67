import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/model/groups.ts";
import { repositoriesOf } from "../../settings/model/names/repositories.ts";
import { timings } from "../../settings/model/timings.ts";
import type { Job, Platform } from "../../workload.ts";
import { type PostgresServer, secretUrl } from "../database.ts";
import { beatsWithin } from "../roles/heartbeat/heartbeat.ts";
import { programs } from "../roles/modules.ts";
import { type OutboundProxy, proxyVariables } from "../roles/proxy.ts";
import { targets, underInit } from "../roles/role.ts";
import type { Secrets } from "../secrets.ts";
import { bucketAccess, bucketFiles } from "./bucket/bucket.ts";
import { continuousFiles } from "./continuous/continuous.ts";
import { backupPrograms, backupStore } from "./folder.ts";
import { identityOf } from "./identity.ts";

/** Volume of the backups, for a stack that writes them to no directory of the machine; a bucket has copies of them. */
const backupVolume = "stack-backups";

export interface DatabaseArgs {
  readonly platform: Platform;
  readonly settings: Settings;
  readonly server: PostgresServer & { readonly authoritiesFile?: string | undefined };
}

/** Returns the part of a workload that dumping and restoring share: the image, and the logins to both databases. */
function overDatabases({ settings, server }: DatabaseArgs) {
  const { metadata, results } = server.logins;
  const url = (login: typeof metadata) => secretUrl(login, undefined, server.authoritiesFile);
  return {
    image: settings.images.backup,
    user: { uid: 999, gid: 999 },
    secrets: {
      metadata_url: url(metadata),
      // An external server may keep both in one database.
      ...(results !== metadata && { results_url: url(results) }),
    },
    files: {
      ...programs(
        backupPrograms,
        import.meta.url,
        "archive.py",
        "databases.py",
        "progress.py",
        "replacing.py",
        "schema.py",
      ),
      ...server.files,
    },
    hosts: settings.extraHosts,
    scratch: ["/tmp"],
    limits: { memory: 512, cpu: 1 },
    reaches: targets(server.target, server.resultsTarget),
    stop: { signal: "SIGTERM", graceSeconds: 10 },
  } satisfies Partial<Job>;
}

/** Describes the source of the DAGs, for the list of backups. */
function sourceOf(settings: Settings, image: pulumi.Input<string>): pulumi.Output<string> {
  const { dagsGit, dagsImage } = settings;
  const folder = dagsGit ? [] : [dagsImage === undefined ? "a folder" : image];
  const repositories = repositoriesOf(settings).map(({ url, ref }) => `${url} ${ref}`);
  return pulumi.all([...folder, ...repositories]).apply((sources) => sources.join(", "));
}

export interface BackupArgs extends DatabaseArgs {
  readonly schedule: NonNullable<Settings["backup"]>;
  readonly secrets: Secrets;
  /** Image of the roles, which may have the DAGs. */
  readonly image: pulumi.Input<string>;
  /** Values of the stack file, with its secrets. */
  readonly config: Readonly<Record<string, string>>;
  /** Proxy to addresses outside the stack. */
  readonly proxy?: OutboundProxy | undefined;
}

/** Backs the stack up on a schedule, and proves each backup by restoring it. */
export class Backup extends pulumi.ComponentResource {
  /** Identities of age that open the archives, one per line, the current one first: secret. */
  readonly keys: pulumi.Output<string>;

  constructor(name: string, args: BackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Backup", name, {}, opts);
    const { platform, settings, server, schedule, secrets, image, config, proxy } = args;
    const { every, keep, to, continuous } = schedule;
    const bucket = bucketAccess(schedule, platform);
    const { values, previous, older, replaced } = secrets;
    const shared = overDatabases(args);
    const text = (input: pulumi.Input<object>) => pulumi.output(input).apply((of) => JSON.stringify(of));
    this.keys = pulumi
      .all([values.backupKey, older])
      .apply(([current, { backupKey: earlier }]) => [current, ...earlier].map(identityOf).join("\n"));
    platform.service(
      name,
      {
        ...shared,
        command: underInit("python3", `${backupPrograms}/backup.py`, "serve"),
        ...(bucket && { reaches: targets(...shared.reaches, ...bucket.reaches) }),
        ...(bucket && proxy && { env: proxyVariables(proxy, shared.reaches), outbound: true }),
        secrets: {
          ...shared.secrets,
          ...bucket?.secrets,
          backup_key: values.backupKey.apply(identityOf),
          backup_keys: this.keys,
          "secrets.json": text({ values, previous, older, replaced }),
          "stack.json": text(config),
          ...(server.replication && { replication_url: secretUrl(server.replication) }),
        },
        files: {
          ...shared.files,
          ...bucket?.files,
          ...bucketFiles,
          ...continuousFiles,
          ...programs(
            backupPrograms,
            import.meta.url,
            "backup.py",
            "notes.py",
            "owner.py",
            "proof.py",
            "rehearse.py",
            "room.py",
          ),
          [`${backupPrograms}/settings.json`]: text({
            every,
            keep,
            to,
            continuous,
            scratchLimit: platform.scratchLimit,
            ...(bucket && { bucket: bucket.about }),
            stack: pulumi.getStack(),
            version: settings.version,
            images: settings.images,
            dags: sourceOf(settings, image),
          }),
        },
        volumes: {
          [backupStore]:
            to === "volume" || bucket
              ? platform.volume(backupVolume, "exclusive")
              : { kind: "host", path: to, writable: true },
        },
        stateful: true,
        priority: "control",
        healthy: { command: beatsWithin(timings.jobMissed), startSeconds: 60 },
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}

/** Restores a backup before anything uses the databases; `npm run restore` sends the archive to this job. */
export class Restoration extends pulumi.ComponentResource {
  /** Fails if nothing was restored. */
  readonly done: pulumi.Input<pulumi.Resource>;

  constructor(name: string, args: DatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Restoration", name, {}, opts);
    const shared = overDatabases(args);
    this.done = args.platform.job(
      name,
      {
        ...shared,
        command: underInit("python3", `${backupPrograms}/restore.py`),
        files: { ...shared.files, ...programs(backupPrograms, import.meta.url, "restore.py") },
        maxSeconds: args.settings.migrationSeconds,
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
