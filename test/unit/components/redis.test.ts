import assert from "node:assert/strict";
import { test } from "node:test";
import { redisConf, redisUsers } from "../../../components/services/redis.conf.ts";

function directives(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test("redis.conf: supervised, durable, never evicting", () => {
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
    "tcp-keepalive 60",
  ]);
});

test("Airflow's user alone has a password, and may not administrate", () => {
  assert.deepEqual(directives(redisUsers("a-password")), [
    "user default off resetpass ~* &* +@all",
    "user health on nopass -@all +ping",
    "user airflow on >a-password ~* &* +@all -@admin -@dangerous +info",
  ]);
});

test("while the previous password is valid, Airflow's user has both", () => {
  assert.match(redisUsers("new", "old"), /^user airflow on >new >old ~\* &\* \+@all /m);
});
