import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect as plain, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { connect as secure } from "node:tls";
import { capture, machines } from "../../lab/machines/machines.ts";
import { canaries, found } from "../lib/canaries.ts";
import type { TestStack } from "../lib/harness.ts";
import { runsUndisturbed } from "../lib/undisturbed.ts";

const gatewayPort = 8443;

/** Sends a PING; returns the answer, until the connection ends or for two seconds. */
function answer(socket: Socket): Promise<string> {
  return new Promise((done) => {
    let received = "";
    const end = () => {
      socket.destroy();
      done(received);
    };
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
    });
    socket.on("error", () => {}).on("close", end);
    socket.write("PING plaintext-marker\r\n");
    setTimeout(end, 2000);
  });
}

/** Test of encryption and access between machines. */
export function encrypts(stack: TestStack): void {
  test("traffic between machines is encrypted, and access needs a certificate", async (t) => {
    const secrets = await canaries(stack);
    const file = join(stack.folder, "bridge.pcap");
    const stop = await capture(file);
    const { run: naps } = await stack.napping(6);
    const host = "10.87.0.11";
    // Plain, then over TLS: without a certificate, and as a machine of the stack.
    assert.doesNotMatch(await answer(plain(gatewayPort, host)), /PONG|NOAUTH/);
    const redis = { host, port: gatewayPort, servername: "redis.one", rejectUnauthorized: false };
    assert.equal(await answer(secure(redis)), "");
    const exported = JSON.parse(await stack.stack.pulumi(["stack", "export", "--show-secrets"]));
    const authority = exported.deployment.resources.find(({ urn }: { urn: string }) =>
      urn.endsWith("::authority"),
    );
    const { two }: Record<string, string> = JSON.parse(authority.outputs.machines.plaintext);
    assert.match(await answer(secure({ ...redis, cert: two, key: two })), /NOAUTH/);
    for (const { address } of machines) {
      for (const port of [5432, 5555, 6379, 8080, 8793]) {
        const refused = new Promise((done) => plain(port, address).on("error", done).on("connect", done));
        assert.equal(((await refused) as NodeJS.ErrnoException | undefined)?.code, "ECONNREFUSED", `${port}`);
      }
    }
    await runsUndisturbed(stack, "naps", naps, 6);
    await stop();
    const bytes = readFileSync(file).toString("latin1");
    t.diagnostic(`${Math.round(bytes.length / 1024)} KiB crossed`);
    assert.ok(bytes.length > 50_000);
    // Proves that the capture shows plain text.
    assert.match(bytes, /plaintext-marker/);
    assert.doesNotMatch(bytes, /nap_\d|get_stocks|BRPOP|celery|execute_workload|SELECT |INSERT /);
    const all = { ...secrets, machineKey: two?.split("\n").at(-3) ?? assert.fail("there is no key") };
    assert.deepEqual(found(bytes, all), []);
    const readable = await stack.target.readable(stack.prefix);
    assert.ok(readable.size > 30, `${readable.size} places`);
    for (const [place, text] of readable) assert.deepEqual(found(text, all), [], place);
  });
}
