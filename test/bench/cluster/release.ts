import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { localImage } from "../../../images/local.ts";
import { run } from "../../../tools/lib/process.ts";
import type { Outputs } from "../../../tools/lib/stack.ts";
import { ensureLab, kubectl, type Lab } from "../../lab/lab.ts";
import { state } from "../../lab/settings.ts";
import { sweep } from "../../live/targets/kubernetes.ts";
import { Tunnel } from "../../live/targets/tunnel.ts";
import { type Deployment, outputsAt } from "../deployment.ts";
import { writeUsualSettings } from "../usualSettings.ts";
import { chart, hook, type ReleaseValues } from "./chart.ts";
import { podsOf, readyPod } from "./pods.ts";
import { type Requests, replacing } from "./replacing.ts";

const namespace = "bench-chart";
const of = ["--namespace", namespace];
const createUser =
  "airflow users create --role Admin --username admin --firstname A --lastname Admin --email admin@localhost";

function apply(lab: Lab, object: object): Promise<string> {
  const args = ["apply", ...of, "--filename", "-"];
  const env = { KUBECONFIG: lab.kubeconfig };
  return run(join(state, "bin/kubectl"), args, { env, input: JSON.stringify(object) });
}

/** Release of {@link chart}, with the same images as a stack. */
export class Release implements Deployment {
  readonly containers = podsOf(namespace);
  readonly outputs: Outputs;
  private readonly lab: Lab;
  private readonly values: ReleaseValues;
  /** DAG files. */
  private readonly files: readonly string[];
  private readonly tunnel: Tunnel;

  private constructor(lab: Lab, values: ReleaseValues, files: readonly string[], port: number) {
    this.lab = lab;
    this.values = values;
    this.files = files;
    this.outputs = outputsAt(port, ["worker-0", "worker-1"]);
    const pod = () => readyPod(namespace, "app=api-server");
    this.tunnel = new Tunnel({ kubeconfig: lab.kubeconfig, namespace, pod, port, inside: 8080 });
  }

  /**
   * @param folders folders of DAG files
   * @param port a free port
   */
  static async prepare(folders: readonly string[], port: number): Promise<Release> {
    const lab = await ensureLab();
    const names = ["airflow", "postgres", "redis"] as const;
    const [airflow = "", postgres = "", redis = ""] = await Promise.all(
      names.map((name) => lab.image(localImage(name))),
    );
    const files = folders.flatMap((folder) => {
      const names = readdirSync(folder).filter((name) => name.endsWith(".py"));
      return names.map((name) => join(folder, name));
    });
    const dags = files.map((file) => basename(file));
    return new Release(lab, { airflow, postgres, redis, dags }, files, port);
  }

  async clear(): Promise<void> {
    await sweep(namespace);
  }

  async up(): Promise<void> {
    await kubectl("create", "namespace", namespace);
    await this.addFiles();
    await apply(this.lab, chart(this.values));
    await this.runHook("migrate", ["db", "migrate"]);
    await this.runHook("user", ["bash", "-c", `${createUser} --password "$BENCH_ADMIN_PASSWORD"`]);
    await this.tunnel.open();
  }

  replaceWebserver(): Promise<Requests> {
    return replacing(namespace, "api-server", "worker-0");
  }

  async remove(): Promise<void> {
    this.tunnel.close();
    await this.clear();
  }

  private async runHook(name: string, args: readonly string[]): Promise<void> {
    await apply(this.lab, hook(name, this.values, args));
    await kubectl("wait", ...of, "--for=condition=complete", `job/${name}`, "--timeout=600s");
  }

  private async addFiles(): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), `${namespace}-`));
    const password = randomBytes(16).toString("hex");
    try {
      await writeUsualSettings(join(folder, "airflow.env"), this.outputs.adminPassword, password);
      writeFileSync(join(folder, "password"), password, { mode: 0o600 });
      await kubectl("create", "secret", "generic", "airflow", ...of, `--from-env-file=${folder}/airflow.env`);
      await kubectl("create", "secret", "generic", "postgres", ...of, `--from-file=${folder}/password`);
    } finally {
      rmSync(folder, { recursive: true });
    }
    await kubectl("create", "configmap", "dags", ...of, ...this.files.map((file) => `--from-file=${file}`));
  }
}
