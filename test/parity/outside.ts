import { createServer, type Server } from "node:net";
import { run } from "../../tools/lib/process.ts";

/** Addresses outside any cluster, each with a listener, from ranges reserved for examples. */
export class Outside {
  readonly addresses = { allowed: "198.51.100.7", excepted: "198.51.100.9", other: "203.0.113.7" };
  /** Configuration of a stack that may reach only the first address. */
  readonly egress = { to: ["198.51.100.0/28"], except: [`${this.addresses.excepted}/32`] };
  readonly port: number;
  private readonly link = "parity0";
  private readonly servers: Server[] = [];

  constructor(port: number) {
    this.port = port;
  }

  /** Creates an interface on this machine with the addresses. */
  async open(): Promise<void> {
    await this.close();
    await run("ip", ["link", "add", this.link, "type", "veth", "peer", "name", `${this.link}peer`]);
    for (const address of Object.values(this.addresses)) {
      await run("ip", ["address", "add", `${address}/32`, "dev", this.link]);
    }
    await run("ip", ["link", "set", this.link, "up"]);
    await Promise.all(Object.values(this.addresses).map((address) => this.listen(address)));
  }

  async close(): Promise<void> {
    for (const server of this.servers.splice(0)) server.close();
    await run("sh", ["-c", 'ip link del "$1" 2> /dev/null || true', "remove", this.link]);
  }

  private async listen(address: string): Promise<void> {
    const server = createServer((socket) => socket.destroy());
    this.servers.push(server);
    await new Promise<void>((done) => server.listen(this.port, address, done));
  }
}
