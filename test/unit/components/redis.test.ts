import assert from "node:assert/strict";
import { test } from "node:test";
import { redisConf, redisUsers } from "../../../components/services/redis.conf.ts";

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
