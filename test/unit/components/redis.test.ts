import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { redisConf, redisUsers } from "../../../components/services/redis.conf.ts";
import { containersOf, declare } from "../mocks.ts";
import { withPrograms } from "../standIns.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

function directives(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test("redis.conf makes Redis supervised and durable, and lets it evict no key", () => {
  assert.deepEqual(directives(redisConf(512)), [
    "supervised systemd",
    "bind * -::*",
    "protected-mode yes",
    "port 6379",
    "dir /data",
    "aclfile /run/secrets/users.acl",
    "appendonly yes",
    "appendfsync everysec",
    'save ""',
    "stop-writes-on-bgsave-error no",
    "maxmemory 307mb",
    "maxmemory-policy noeviction",
    "tcp-keepalive 5",
  ]);
});

test("only Airflow's user has a password, and may not administrate Redis", () => {
  assert.deepEqual(directives(redisUsers("a-password")), [
    "user default off resetpass ~* &* +@all",
    "user health on nopass -@all +ping",
    "user airflow on >a-password ~* &* +@all -@admin -@dangerous +info",
  ]);
});

test("Airflow's user has both passwords while the previous one is valid", () => {
  assert.match(redisUsers("new", "old"), /^user airflow on >new >old ~\* &\* \+@all /m);
});

/** Stands in for Redis' own check: a log with zeros is damaged, and is cut off there once that is confirmed. */
const check = `#!/bin/sh
for manifest in "$@"; do :; done
log="\${manifest%.manifest}.1.incr.aof"
[ "$(tr -d '\\0' <"$log" | wc -c)" = "$(wc -c <"$log")" ] && exit 0
[ "$1" = --fix ] && read -r answer && [ "$answer" = y ] || exit 1
tr -d '\\0' <"$log" >"$log.cut" && mv "$log.cut" "$log" && echo Successfully truncated
`;

/** Runs the command of Redis' container with a log, and returns its output, and what the log has then. */
async function started(log: string | undefined, programs = { "redis-check-aof": check }) {
  const data = temporaryFolder("redis");
  const file = join(data, "appendonlydir/appendonly.aof.1.incr.aof");
  if (log !== undefined) {
    mkdirSync(join(data, "appendonlydir"));
    writeFileSync(join(data, "appendonlydir/appendonly.aof.manifest"), "");
    writeFileSync(file, log);
  }
  const { entrypoints } = containersOf(await declare({})).get("redis") ?? assert.fail();
  const [program = "", ...words] = (entrypoints as string[]).map((word) => (word === "/data" ? data : word));
  const server = "#!/bin/sh\necho $*\n";
  const output = await withPrograms({ "notify-supervise": server, ...programs }, async () =>
    execFileSync(program, words, { encoding: "utf8" }),
  );
  return {
    lines: output.trim().split("\n"),
    log: log === undefined ? undefined : readFileSync(file, "utf8"),
  };
}

const server = "redis-server /etc/redis/airflow.conf";

test("Redis starts with a log that a power loss has damaged, without what follows the damage, and says so", async () => {
  const { lines, log } = await started("messages\n\0\0\0");
  assert.equal(log, "messages\n");
  assert.match(lines[0] ?? "", /^The log of Redis is damaged/);
  assert.deepEqual(lines.slice(1), ["Successfully truncated", server]);
});

test("Redis starts in silence with a healthy log, and without one", async () => {
  assert.deepEqual(await started("messages\n"), { lines: [server], log: "messages\n" });
  assert.deepEqual(await started(undefined), { lines: [server], log: undefined });
});

test("Redis itself judges a log that cannot be checked or repaired", async () => {
  const fails = (status: number) => ({ "redis-check-aof": `#!/bin/sh\nexit ${status}\n` });
  assert.deepEqual(await started("\0", fails(127)), { lines: [server], log: "\0" });
  const { lines, log } = await started("\0", fails(1));
  assert.deepEqual([lines.at(-1), log], [server, "\0"]);
});
