import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { waitFor } from "../../runner/waiting.ts";
import type { Config, TestStack } from "../lib/harness.ts";
import { addressIn, sweep } from "../targets/docker.ts";

/** Network with this machine's address for the receivers; a stack's first deployment removes what has the stack's own prefix. */
const network = "airflow-livetest-receivers";

const kinds = ["webhook", "slack", "watchdog"] as const;

/** Receivers of a stack's alerts, on one server of this machine. */
export class Receivers {
  /** True to answer as receivers that do not take the alerts. */
  refuse = false;
  private readonly posts: (readonly [path: string, body: string])[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer(async (request, response) => {
      this.posts.push([request.url ?? "", await text(request)]);
      response.writeHead(this.refuse ? 400 : 200).end();
    });
  }

  /** @returns value of `monitoring.alerts` */
  async start(stack: TestStack): Promise<Config> {
    await sweep(network);
    const address = await addressIn(network);
    await new Promise<void>((done) => this.server.listen(0, address, done));
    const { port } = this.server.address() as AddressInfo;
    const entries = kinds.map((kind) => {
      const file = join(stack.folder, `${kind}.url`);
      writeFileSync(file, `http://${address}:${port}/${kind}\n`);
      return [kind, { file }] as const;
    });
    return Object.fromEntries(entries);
  }

  /** Waits until a receiver has got a post with these texts. */
  async got(kind: (typeof kinds)[number], ...texts: readonly string[]): Promise<void> {
    await waitFor(
      `${texts.join(" and ")} at the ${kind}`,
      180,
      async () =>
        this.posts.some(
          ([path, body]) => path === `/${kind}` && texts.every((part) => body.includes(part)),
        ) || undefined,
    );
  }

  /** Lists the alerts that a receiver was told of, once for each post. */
  toldOf(kind: (typeof kinds)[number]): string[] {
    const bodies = this.posts.filter(([path]) => path === `/${kind}`).map(([, body]) => JSON.parse(body));
    return bodies.map(({ groupLabels }: { groupLabels: { alertname: string } }) => groupLabels.alertname);
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await sweep(network);
  }
}
