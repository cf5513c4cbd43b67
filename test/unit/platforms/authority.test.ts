import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { mock, test } from "node:test";
import * as tls from "node:tls";
import { minter, stored } from "../../../platforms/docker/authority.ts";
import { fromState } from "../stored.ts";

type Wanted = Parameters<typeof minter.create>[0];
type Held = Awaited<ReturnType<typeof create>>;

const day = 86_400_000;

async function create(names: readonly string[], generation = 1) {
  const { outs } = await minter.create({ names, generation });
  assert.ok(outs);
  return outs;
}

async function changes(olds: Held, news: Wanted): Promise<boolean | undefined> {
  return (await minter.diff?.("authority", olds, news))?.changes;
}

/** State after an update; a second update would not change it. */
async function update(olds: Held, news: Wanted): Promise<Held> {
  assert.equal(await changes(olds, news), true);
  const outs = (await minter.update?.("authority", olds, news))?.outs;
  assert.ok(outs);
  assert.equal(await changes(outs, news), false);
  return outs;
}

function certificates(pem = ""): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

function first(pem: string | undefined): X509Certificate {
  const [certificate] = certificates(pem);
  assert.ok(certificate);
  return certificate;
}

function signs(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** True if two machines accept each other's certificate. */
async function accept(server: Held, client: Held): Promise<boolean> {
  const pair = ({ machines: { [name]: pem = "" }, authorities }: Held) => ({
    cert: pem,
    key: pem,
    ca: authorities,
  });
  const name = "main";
  const listener = tls.createServer(
    { ...pair(server), requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" },
    (socket) => socket.end("accepted"),
  );
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const socket = tls.connect({ ...pair(client), host: "127.0.0.1", port, servername: name });
  try {
    const [answer] = await once(socket, "data");
    return String(answer) === "accepted";
  } catch {
    return false;
  } finally {
    socket.destroy();
    listener.close();
  }
}

test("each machine has its own certificate, for both ends of a connection", async () => {
  const { machines, authorities } = await create(["main", "big"]);
  const [authority, ...others] = certificates(authorities);
  assert.ok(authority);
  assert.deepEqual(others, []);
  assert.deepEqual(Object.keys(machines), ["main", "big"]);
  for (const [name, pem] of Object.entries(machines)) {
    const [certificate, ...rest] = certificates(pem);
    assert.ok(certificate);
    assert.deepEqual(rest, []);
    assert.ok(signs(authority, certificate));
    assert.ok(certificate.checkPrivateKey(createPrivateKey(pem)));
    assert.equal(certificate.subject, `CN=${name}`);
    assert.equal(certificate.subjectAltName, `DNS:${name}, DNS:*.${name}`);
    assert.equal(certificate.checkHost(name), name);
    assert.equal(certificate.checkHost("gpu"), undefined);
    assert.equal(certificate.ca, false);
    // Server and client authentication.
    assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
  }
  assert.notEqual(first(machines.main).serialNumber, first(machines.big).serialNumber);
});

test("an authority's certificate is self-signed", async () => {
  const authority = first((await create(["main"])).authorities);
  assert.ok(signs(authority, authority));
  assert.equal(authority.ca, true);
  assert.equal(authority.subject, authority.issuer);
});

test("certificates are valid from an hour ago: of machines for 365 days, of authorities for ten years", async (context) => {
  const now = Date.UTC(2041, 1, 3, 4, 5, 6);
  context.mock.timers.enable({ apis: ["Date"], now });
  const { machines, authorities } = await create(["main"]);
  const span = ({ validFrom, validTo }: X509Certificate) => [validFrom, validTo].map(Date.parse);
  assert.deepEqual(span(first(machines.main)), [now - day / 24, now + 365 * day]);
  // After 2049 a certificate spells a year with four digits.
  assert.deepEqual(span(first(authorities)), [now - day / 24, now + 3650 * day]);
});

test("certificates stay the same while they are valid, in any order of machines", async () => {
  const held = await create(["main", "big"], 3);
  assert.equal(await changes(held, { names: ["main", "big"], generation: 3 }), false);
  assert.equal(await changes(held, { names: ["big", "main"], generation: 3 }), false);
});

test("a new machine gets a certificate of the same authority, and the other machines keep theirs", async () => {
  const before = await create(["main"]);
  const after = await update(before, { names: ["main", "big"], generation: 1 });
  assert.equal(after.authorities, before.authorities);
  assert.equal(after.machines.main, before.machines.main);
  assert.ok(signs(first(after.authorities), first(after.machines.big)));
});

test("the certificate of a removed machine is removed", async () => {
  const before = await create(["main", "big"]);
  const after = await update(before, { names: ["main"], generation: 1 });
  assert.deepEqual(after.machines, { main: before.machines.main });
});

test("a certificate is renewed in its last 90 days, without any other certificate", async () => {
  const wanted = { names: ["main", "big"], generation: 1 };
  const now = Date.now();
  mock.timers.enable({ apis: ["Date"], now });
  try {
    const early = await create(["main"]);
    mock.timers.setTime(now + 200 * day);
    const both = await update(early, wanted);
    mock.timers.setTime(now + 274 * day);
    assert.equal(await changes(both, wanted), false);
    mock.timers.setTime(now + 276 * day);
    const renewed = await update(both, wanted);
    assert.equal(renewed.authorities, both.authorities);
    assert.equal(renewed.machines.big, both.machines.big);
    assert.notEqual(renewed.machines.main, both.machines.main);
    assert.equal(Math.round((Date.parse(first(renewed.machines.main).validTo) - Date.now()) / day), 365);
  } finally {
    mock.timers.reset();
  }
});

test("an authority that would expire before its certificates gets a successor", async () => {
  const wanted = { names: ["main"], generation: 1 };
  const now = Date.now();
  mock.timers.enable({ apis: ["Date"], now });
  try {
    const before = await create(["main"]);
    mock.timers.setTime(now + 3200 * day);
    const renewed = await update(before, wanted);
    assert.equal(renewed.authorities, before.authorities);
    mock.timers.setTime(now + 3290 * day);
    const after = await update(renewed, wanted);
    assert.deepEqual(
      certificates(after.authorities)
        .map(({ fingerprint256 }) => fingerprint256)
        .slice(1),
      certificates(before.authorities).map(({ fingerprint256 }) => fingerprint256),
    );
  } finally {
    mock.timers.reset();
  }
});

test("machines of consecutive generations accept each other both ways, and machines two generations apart do not", async () => {
  const names = ["main", "big"];
  const one = await create(names, 1);
  const two = await update(one, { names, generation: 2 });
  const three = await update(two, { names, generation: 3 });
  const trusted = [one, two, three].map(({ authorities }) =>
    certificates(authorities).map(({ subject }) => subject),
  );
  assert.deepEqual(
    trusted.map(({ length }) => length),
    [1, 2, 2],
  );
  assert.equal(trusted[1]?.[1], trusted[0]?.[0]);
  assert.equal(trusted[2]?.[1], trusted[1]?.[0]);
  assert.notEqual(two.machines.main, one.machines.main);
  for (const [server, client, expected] of [
    [one, one, true],
    [two, one, true],
    [one, two, true],
    [three, two, true],
    [two, three, true],
    [three, one, false],
    [one, three, false],
    [one, await create(names, 1), false],
  ] as const) {
    assert.equal(await accept(server, client), expected);
  }
});

test("a machine that joins after a change of generation is accepted by machines of the previous one", async () => {
  const one = await create(["big"], 1);
  const two = await update(one, { names: ["big"], generation: 2 });
  const joined = await update(two, { names: ["big", "main"], generation: 2 });
  assert.ok(await accept(joined, { ...joined, authorities: one.authorities }));
});

test("the provider works from the text that Pulumi keeps in the state", async () => {
  const kept = fromState(stored);
  const { outs } = await kept.create({ names: ["main"], generation: 1 });
  assert.ok(outs);
  assert.ok(signs(first(outs.authorities), first(outs.machines.main)));
  assert.equal((await kept.diff?.("authority", outs, { names: ["main"], generation: 1 }))?.changes, false);
  const next = await kept.update?.("authority", outs, { names: ["main"], generation: 2 });
  assert.equal(certificates(next?.outs?.authorities).length, 2);
});
