import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { identityOf } from "../../../../components/backup/identity.ts";
import { type Backups, backupProgram } from "../../../../tools/lib/backup/store.ts";
import { type Container, containers } from "../../../unit/containers.ts";
import { docker } from "../../targets/docker.ts";
import type { ObjectStore } from "./objectStore.ts";

/** Tables of Airflow that a backup and its proof read, and rows that do not compress. */
const tables = `
CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('a1');
CREATE TABLE connection (password text, is_encrypted bool, extra text, is_extra_encrypted bool);
CREATE TABLE variable (val text, is_encrypted bool);
CREATE TABLE log (dttm timestamptz, event text, owner text, extra text);
CREATE TABLE dag_code (fileloc text, source_code text, last_updated timestamptz);
CREATE TABLE noise AS SELECT md5(random()::text) FROM generate_series(1, 20000);
`;
const postgres = `initdb --pgdata=/tmp/pg --auth=trust --username=airflow > /dev/null
pg_ctl --pgdata=/tmp/pg --wait --silent --log=/tmp/pg.log -o "-c listen_addresses='' -c unix_socket_directories=/tmp" start
psql --quiet --no-psqlrc --host=/tmp --username=airflow --dbname=postgres --command="$1"`;

/** Secrets of a container in place of those that the state of a stack would have, by path. */
function secretsOf(key: string): readonly (readonly [path: string, text: string])[] {
  const identity = identityOf(key);
  const fernetKey = `${randomBytes(32).toString("base64url")}=`;
  const texts = {
    metadata_url: "postgresql://airflow@/postgres?host=/tmp",
    backup_key: identity,
    backup_keys: identity,
    "secrets.json": JSON.stringify({ values: { fernetKey }, older: {} }),
  };
  return Object.entries(texts).map(([name, text]) => [`/run/secrets/${name}`, text]);
}

/** Container of backups as a stack declares it, beside a small database in the same container. */
export class BackupContainer {
  private readonly name: string;
  private readonly store: ObjectStore;

  constructor(name: string, store: ObjectStore) {
    [this.name, this.store] = [name, store];
  }

  /**
   * Starts the container, with an empty volume.
   * @param backup values of `airflow:backup`, besides those for the store
   * @param key key of the backups
   */
  async start(backup: object, key: string): Promise<void> {
    const { folder, login } = this.store;
    const secret = (name: string, text: string) => ({ file: this.store.file(name, text) });
    const declared = await containers({
      workers: 1,
      backup: {
        every: "1h",
        to: `s3://${this.store.bucket}/tests`,
        endpoint: this.store.url,
        ca: this.store.ca,
        accessKey: secret("id", login.id),
        secretKey: secret("secret", login.secret),
        ...backup,
      },
    });
    const container = declared.get("backup") as Container;
    const files = join(folder, this.name);
    const texts = container.uploads.map(({ file, content }) => [file, content] as const);
    const own = new Map([...texts, ...secretsOf(key)]);
    own.delete("/run/secrets/results_url");
    for (const [file, content] of own) this.write(join(files, file), content);
    const hosts = Object.entries(this.store.hosts).flatMap(([host, address]) => [
      "--add-host",
      `${host}:${address}`,
    ]);
    const limits = ["--memory", "512m", "--user", container.user, ...hosts];
    const network = ["--network", this.store.name];
    await docker("rm", "--force", "--volumes", this.name);
    await docker("create", "--name", this.name, ...network, ...limits, container.image, "sleep", "3600");
    await docker("cp", `${files}/.`, `${this.name}:/`);
    await docker("start", this.name);
    await docker("exec", this.name, "bash", "-ec", postgres, "postgres", tables);
  }

  /** Writes a file that every user may read. */
  private write(path: string, content: string): void {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    writeFileSync(path, content);
    chmodSync(path, 0o644);
  }

  /**
   * Takes backups at an interval, as a stack does; returns a function that ends this.
   * @param retry seconds after which a failed attempt is repeated
   */
  serve(retry: number): () => Promise<void> {
    const program = `import os, sys, threading, time; sys.path.insert(0, "/opt/backup"); import backup
backup.RETRY_INTERVAL = ${retry}; threading.Thread(target=backup.serve, daemon=True).start()
while not os.path.exists("/tmp/stop"): time.sleep(0.1)`;
    const served = docker("exec", this.name, "python3", "-c", program);
    return async () => {
      await this.shell("touch /tmp/stop");
      await served;
    };
  }

  run(command: "now" | "list" | "all" | "send" | "take-over", ...args: string[]): Promise<string> {
    return docker("exec", this.name, ...backupProgram, command, ...args);
  }

  async list(command: "list" | "all"): Promise<Backups> {
    return JSON.parse(await this.run(command));
  }

  /** Runs Python with the functions of `bucket.py`, and a file of random bytes, 20 MB, as `file`. */
  python(program: string): Promise<string> {
    const start =
      "import sys, os, pathlib; sys.path.insert(0, '/opt/backup'); import bucket; file = pathlib.Path('/tmp/file')\n" +
      "file.exists() or file.write_bytes(os.urandom(20_000_000))\n";
    return docker("exec", this.name, "python3", "-c", start + program);
  }

  shell(script: string): Promise<string> {
    return docker("exec", this.name, "bash", "-c", script);
  }
}
