import assert from "node:assert/strict";
import { cpSync, createReadStream, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, join, normalize } from "node:path";
import { run } from "../../../tools/lib/process.ts";

/** Git repository, served over HTTP, with DAGs in one of its folders. */
export class Repository {
  private readonly dags: string;
  private readonly folder = mkdtempSync(join(tmpdir(), "airflow-git-"));
  private readonly work = join(this.folder, "work");
  private readonly bare = join(this.folder, "dags.git");
  /** Serves the repository's files, which is all that Git needs. */
  private readonly server = createServer(({ url = "" }, response) => {
    const file = join(this.folder, normalize(new URL(url, "http://git").pathname));
    if (existsSync(file) && statSync(file).isFile()) createReadStream(file).pipe(response);
    else response.writeHead(404).end();
  });

  /** @param dags folder in the repository */
  constructor(dags: string) {
    this.dags = dags;
  }

  /** Creates the repository with a first DAG, and serves it at an address of this machine. */
  async open(host: string, dag: string): Promise<void> {
    mkdirSync(join(this.work, this.dags), { recursive: true });
    await run("git", ["init", "--quiet", "--bare", this.bare]);
    await this.git("init", "--quiet");
    await this.publish(dag);
    await new Promise<void>((done) => this.server.listen(0, host, done));
  }

  get url(): string {
    const address = this.server.address();
    if (typeof address !== "object" || !address) return assert.fail("the repository is not open");
    return `http://${address.address}:${address.port}/dags.git`;
  }

  async publish(file: string): Promise<void> {
    cpSync(file, join(this.work, this.dags, basename(file)));
    await this.git("add", ".");
    await this.git("commit", "--quiet", "--message", "DAGs");
    await this.git("push", "--quiet", this.bare, "HEAD:refs/heads/main");
    await run("git", ["--git-dir", this.bare, "update-server-info"]);
  }

  close(): void {
    this.server.close();
    rmSync(this.folder, { recursive: true });
  }

  private git(...args: string[]): Promise<string> {
    const author = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
    return run("git", [...author, ...args], { cwd: this.work });
  }
}
