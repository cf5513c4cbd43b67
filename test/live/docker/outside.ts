import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localImage } from "../../../images/local.ts";
import { waitFor } from "../../runner/waiting.ts";
import { addressIn, docker, sweep } from "../targets/docker.ts";
import { writeCertificates } from "./certificates.ts";

/** Host name in the certificate that no DNS knows: clients get its address. */
const hostName = "services.test";

/** Passwords with characters that are special in a URL, in SQL and in a connection string. */
export const words = {
  metadata: "p@ss/w:rd'of\"it #1",
  results: "results-of-tests",
  broker: "br@ker/of:tests",
  login: "l@gin/of:tests",
};

/** Postgres users with their databases; the last two lack something. */
export const logins = {
  metadata: { user: "team.airflow", database: "team-metadata" },
  results: { user: "team.results", database: "team-results" },
  /** May not create tables. */
  guest: { user: "guest", database: "closed" },
  /** Database that is not in UTF-8. */
  ascii: { user: "team.airflow", database: "ascii" },
};

/** Debian's Postgres and Redis outside any stack, which accept TLS only. */
export class Outside {
  readonly folder: string;
  readonly ca: string;
  readonly otherCa: string;
  /** Prefix of the containers' names. */
  readonly prefix: string;
  private readonly port: number;
  address: string;

  /**
   * @param name part of the containers' names
   * @param port the first of four free ports
   * @param address address of this machine to listen at; by default, one that containers of the local engine reach
   */
  constructor(name: string, port: number, address = "") {
    this.address = address;
    this.prefix = `airflow-livetest-${name}`;
    this.folder = mkdtempSync(join(tmpdir(), `${this.prefix}-`));
    this.ca = join(this.folder, "ca.pem");
    this.otherCa = join(this.folder, "other.pem");
    this.port = port;
  }

  /** Addresses by name, for clients that use the services' name. */
  get hosts(): Readonly<Record<string, string>> {
    return { [hostName]: this.address };
  }

  /** Replaces the address in a URL by the name. */
  named(url: string): string {
    return url.replace(`@${this.address}:`, `@${hostName}:`);
  }

  /** URL of Postgres, without parameters. */
  postgres(of: keyof typeof logins, word: string = words.metadata): string {
    const { user, database } = logins[of];
    return `postgresql://${user}:${encodeURIComponent(word)}@${this.address}:${this.port}/${database}`;
  }

  /** URL of Redis. */
  redis(user = "celery", word: string = words.broker): string {
    return `rediss://${user}:${encodeURIComponent(word)}@${this.address}:${this.port + 1}/0`;
  }

  /** URL of a Redis whose certificate is for another name. */
  get misnamed(): string {
    return this.redis().replace(`:${this.port + 1}/`, `:${this.port + 2}/`);
  }

  /** URL of a Redis that asks its clients for a certificate. */
  get asking(): string {
    return this.redis().replace(`:${this.port + 1}/`, `:${this.port + 3}/`);
  }

  /** Configuration of a stack that uses the services by their name. */
  services(postgresUrl = this.postgres("metadata")) {
    const { ca, hosts } = this;
    const url = (name: string, text: string) => ({ file: this.file(name, this.named(text)) });
    const resultsUrl = url("results", this.postgres("results", words.results));
    return {
      extraHosts: hosts,
      postgres: { url: url("postgres", postgresUrl), resultsUrl, ca },
      redis: { url: url("redis", this.redis()), ca },
    };
  }

  /** Writes one line to a file, for a stack's configuration; returns the path. */
  file(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, `${text}\n`, { mode: 0o600 });
    return path;
  }

  async start(): Promise<void> {
    await this.startAsking();
    await Promise.all([
      this.startPostgres(),
      this.startRedis("redis", this.port + 1, "server"),
      this.startRedis("misnamed", this.port + 2, "elsewhere"),
    ]);
  }

  /** Starts only the Redis that asks its clients for a certificate. */
  async startAsking(): Promise<void> {
    await this.stop();
    this.address ||= await addressIn(this.prefix);
    await writeCertificates(this.folder, `IP:${this.address},DNS:${hostName}`);
    await this.startRedis("asking", this.port + 3, "server", "yes");
  }

  /** Removes the running services. */
  async stop(): Promise<void> {
    await sweep(this.prefix);
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true });
  }

  /** Runs SQL in Postgres, as its superuser. */
  async sql(statement: string, database = "postgres"): Promise<string> {
    const client = ["psql", "-h", "/tmp", "-p", String(this.port), "-U", "postgres", "-d", database];
    return (
      await docker("exec", `${this.prefix}-postgres`, ...client, "-v", "ON_ERROR_STOP=1", "-Atc", statement)
    ).trim();
  }

  /** Counts encrypted and plain connections of Airflow and PgBouncer from other hosts to Postgres. */
  async connections(): Promise<{ encrypted: number; plain: number }> {
    const from = "pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE client_addr IS NOT NULL";
    const counts = await this.sql(
      `SELECT count(*) FILTER (WHERE ssl), count(*) FILTER (WHERE NOT ssl) FROM ${from}`,
    );
    const [encrypted = 0, plain = 0] = counts.split("|").map(Number);
    return { encrypted, plain };
  }

  /** Runs a Redis command, as its administrator. */
  async redisCli(...command: string[]): Promise<string> {
    const tls = ["--tls", "--cacert", "/tls/ca.pem", "-h", this.address, "-p", String(this.port + 1)];
    const login = ["--user", "admin", "--pass", words.broker, "--no-auth-warning"];
    return (await docker("exec", `${this.prefix}-redis`, "redis-cli", ...tls, ...login, ...command)).trim();
  }

  /**
   * Runs the check of a stack alone; returns its output, followed by its exit code.
   * @param client name of the certificate that Redis is shown
   */
  async check(
    urls: Readonly<Record<string, string>>,
    ca = this.ca,
    connections = 40,
    client?: string,
  ): Promise<string> {
    const secrets = mkdtempSync(join(this.folder, "secrets-"));
    chmodSync(this.folder, 0o711);
    chmodSync(secrets, 0o755);
    for (const [name, url] of Object.entries(urls)) writeFileSync(join(secrets, name), url);
    const certificate = "/opt/airflow/client.pem";
    if (client !== undefined) writeFileSync(join(secrets, "redis_client_key"), this.text(`${client}.key`));
    const programs = join(import.meta.dirname, "../../../components/services/check");
    const mounts = [
      `${secrets}:/run/secrets:ro`,
      `${programs}:/opt/check:ro`,
      `${ca}:/opt/airflow/ca.pem:ro`,
      ...(client === undefined ? [] : [`${join(this.folder, client)}.pem:${certificate}:ro`]),
    ];
    const shown = client === undefined ? "" : `--redis-certificate ${certificate}`;
    const script = `python -B /opt/check/check.py ${connections} --redis-authorities /opt/airflow/ca.pem ${shown} 2>&1; echo "exit code $?"`;
    return docker(
      "run",
      "--rm",
      ...mounts.flatMap((mount) => ["--volume", mount]),
      ...["--entrypoint", "bash", localImage("airflow"), "-c", script],
    );
  }

  /** Starts a container in the machine's own network, where containers of any stack reach it. */
  private async container(
    name: string,
    image: "postgres" | "redis",
    files: readonly string[],
    ...args: string[]
  ) {
    chmodSync(this.folder, 0o711);
    const mounts = files.map((file) => `${join(this.folder, file)}:/tls/${file}:ro`);
    const volumes = mounts.flatMap((mount) => ["--volume", mount]);
    const flags = ["--detach", "--network", "host", "--user", "999:999", "--name", `${this.prefix}-${name}`];
    const scratch = ["/data", "/var/lib/postgresql/data"].flatMap((path) => [
      "--tmpfs",
      `${path}:uid=999,gid=999,mode=0700`,
    ]);
    const [first = "", ...rest] = args;
    const env = ["--env", "POSTGRES_PASSWORD_FILE=/tls/word"];
    const program = ["--entrypoint", first, localImage(image), ...rest];
    await docker("run", ...flags, ...volumes, ...scratch, ...env, ...program);
  }

  private async startPostgres(): Promise<void> {
    this.readable("word", words.metadata);
    this.readable("hba.conf", "local all all trust\nhostssl all all all scram-sha-256\n");
    const settings = {
      listen_addresses: this.address,
      port: this.port,
      unix_socket_directories: "/tmp",
      hba_file: "/tls/hba.conf",
      ssl: "on",
      ssl_cert_file: "/tls/server.pem",
      ssl_key_file: "/tls/server.key",
      fsync: "off",
    };
    const options = Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
    const files = ["word", "hba.conf", "server.pem", "server.key"];
    await this.container("postgres", "postgres", files, "docker-entrypoint.sh", "postgres", ...options);
    const answers = () => this.sql("SELECT 1").catch(() => undefined);
    await waitFor("Postgres outside", 60, answers);
    const word = (text: string) => `'${text.replaceAll("'", "''")}'`;
    for (const statement of [
      `CREATE ROLE "team.airflow" LOGIN PASSWORD ${word(words.metadata)}`,
      `CREATE ROLE "team.results" LOGIN PASSWORD ${word(words.results)}`,
      `CREATE ROLE guest LOGIN PASSWORD ${word(words.metadata)}`,
      'CREATE DATABASE "team-metadata" OWNER "team.airflow"',
      'CREATE DATABASE "team-results" OWNER "team.results"',
      "CREATE DATABASE closed",
      `CREATE DATABASE ascii OWNER "team.airflow" ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0`,
    ]) {
      await this.sql(statement);
    }
  }

  private async startRedis(
    name: string,
    port: number,
    certificate: string,
    asks: "yes" | "no" = "no",
  ): Promise<void> {
    this.readable(
      `${name}.acl`,
      `user default off
user admin on >${words.broker} ~* &* +@all
user celery on >${words.broker} ~* &* +@all -@admin -@dangerous +info
user lame on >${words.broker} ~* &* +@all -@admin -@dangerous +info -brpop -zadd
user fenced on >${words.broker} ~celery* &* +@all -@admin -@dangerous +info
`,
    );
    this.readable(
      `${name}.conf`,
      `port 0
tls-port ${port}
bind ${this.address}
tls-cert-file /tls/${certificate}.pem
tls-key-file /tls/${certificate}.key
tls-ca-cert-file /tls/ca.pem
tls-auth-clients ${asks}
aclfile /tls/${name}.acl
dir /data
appendonly yes
maxmemory 64mb
maxmemory-policy noeviction
`,
    );
    const files = [`${name}.acl`, `${name}.conf`, `${certificate}.pem`, `${certificate}.key`, "ca.pem"];
    await this.container(name, "redis", files, "redis-server", `/tls/${name}.conf`);
  }

  private readable(name: string, text: string): void {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    chmodSync(path, 0o644);
  }

  /** Content of a file in the folder. */
  text(name: string): string {
    return readFileSync(join(this.folder, name), "utf8");
  }
}
