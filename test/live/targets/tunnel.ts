import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { state } from "../../lab/settings.ts";

export interface TunnelArgs {
  readonly kubeconfig: string;
  readonly namespace: string;
  /** Returns the name of the target pod; called at every start. */
  readonly pod: () => Promise<string>;
  /** Port of the loopback interface. */
  readonly port: number;
  /** Port of the pod. */
  readonly inside: number;
}

/** Tunnel by a `kubectl port-forward` that restarts whenever it ends, since its pod may be replaced. */
export class Tunnel {
  private readonly args: TunnelArgs;
  private child: ChildProcess | undefined;
  private closed = false;

  constructor(args: TunnelArgs) {
    this.args = args;
  }

  /** Resolves once connections are accepted. */
  async open(): Promise<void> {
    const { kubeconfig, namespace, port, inside, pod } = this.args;
    const forward = ["port-forward", "--namespace", namespace, await pod(), `${port}:${inside}`];
    if (this.closed) return;
    // Dies with this process, however that ends.
    const child = spawn("setpriv", ["--pdeathsig", "KILL", join(state, "bin/kubectl"), ...forward], {
      env: { ...process.env, KUBECONFIG: kubeconfig },
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.child = child;
    const ended = new Promise<void>((done) => child.once("exit", () => done()));
    const opened = new Promise<void>((done) => child.stdout.once("data", () => done()));
    void ended.then(() => this.again());
    await Promise.race([opened, ended]);
  }

  close(): void {
    this.closed = true;
    this.child?.kill("SIGKILL");
  }

  private async again(): Promise<void> {
    await sleep(300);
    if (!this.closed) await this.open();
  }
}
