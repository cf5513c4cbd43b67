import { randomBytes } from "node:crypto";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localImage } from "../../images/local.ts";
import { project, run } from "../../tools/lib/process.ts";
import type { Outputs } from "../../tools/lib/stack.ts";
import { type Containers, dockerContainers } from "./containers.ts";
import { type Deployment, outputsAt } from "./deployment.ts";
import { writeUsualSettings } from "./usualSettings.ts";

const file = join(import.meta.dirname, "compose.yaml");
const name = "bench-compose";

async function findTool(): Promise<readonly [string, ...string[]]> {
  for (const tool of [["docker", "compose"], ["docker-compose"]] as const) {
    const [command, ...args] = tool;
    const found = await run(command, [...args, "version"]).catch(() => undefined);
    if (found !== undefined) return tool;
  }
  const install = "apt-get install -y --no-install-recommends docker-compose";
  if (process.getuid?.() !== 0)
    throw new Error(`The benchmark compares with docker compose, which is missing. Install it: ${install}`);
  console.log("  installing docker-compose");
  await run("sh", ["-c", `apt-get update && DEBIAN_FRONTEND=noninteractive ${install}`]);
  return ["docker-compose"];
}

/** Deployment of compose.yaml, with the same images as a stack. */
export class Compose implements Deployment {
  readonly prefix = `${name}_`;
  readonly containers: Containers = dockerContainers(this.prefix);
  readonly outputs: Outputs;
  private readonly tool: readonly [string, ...string[]];
  private readonly folder: string;
  private readonly env: Readonly<Record<string, string>>;

  private constructor(tool: readonly [string, ...string[]], port: number) {
    this.tool = tool;
    this.folder = mkdtempSync(join(tmpdir(), `${name}-`));
    this.outputs = outputsAt(port, ["worker-1", "worker-2"]);
    this.env = {
      BENCH_AIRFLOW_IMAGE: localImage("airflow"),
      BENCH_POSTGRES_IMAGE: localImage("postgres"),
      BENCH_REDIS_IMAGE: localImage("redis"),
      BENCH_ENV_FILE: join(this.folder, "airflow.env"),
      BENCH_POSTGRES_PASSWORD_FILE: join(this.folder, "postgres_password"),
      BENCH_DAGS: join(this.folder, "dags"),
      BENCH_WEBSERVER_PORT: String(port),
      BENCH_FLOWER_PORT: String(port + 1),
    };
  }

  /**
   * @param dags folder of DAG files, added to the project's own
   * @param port the first of two free ports
   */
  static async prepare(dags: string, port: number): Promise<Compose> {
    const compose = new Compose(await findTool(), port);
    for (const source of [join(project, "dags"), dags])
      cpSync(source, compose.env.BENCH_DAGS ?? "", { recursive: true });
    const postgresPassword = randomBytes(16).toString("hex");
    await writeUsualSettings(
      join(compose.folder, "airflow.env"),
      compose.outputs.adminPassword,
      postgresPassword,
    );
    // World-readable for the database's user, who gets a mount of this file; the folder is closed to others.
    writeFileSync(join(compose.folder, "postgres_password"), postgresPassword, { mode: 0o444 });
    return compose;
  }

  async up(): Promise<void> {
    await this.call("up", "--detach");
  }

  async clear(): Promise<void> {
    await this.call("down", "--volumes", "--remove-orphans", "--timeout", "5");
  }

  async remove(): Promise<void> {
    await this.clear().finally(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  private call(...args: string[]): Promise<string> {
    const [command, ...first] = this.tool;
    const env = this.env;
    return run(command, [...first, "--file", file, "--project-name", name, ...args], { env });
  }
}
