import { createHash } from "node:crypto";

/** Renders redis.conf: durable, never evicting, with a user for Airflow alone; the password appears as a hash only. */
export function redisConf(airflowPassword: string, memory: number): string {
  const hash = createHash("sha256").update(airflowPassword).digest("hex");
  return `# Reports READY=1 to the supervisor once the data set is loaded.
supervised systemd
bind * -::*
protected-mode yes
port 6379
dir /data
# Messages are lost neither by a restart nor, but for the last second, by a crash.
appendonly yes
appendfsync everysec
# A full broker refuses new messages instead of dropping old ones; a rewrite of the log needs room beside them.
maxmemory ${Math.floor(memory * 0.6)}mb
maxmemory-policy noeviction
# Notices clients whose machine is gone.
tcp-keepalive 60
# Nobody can be this user, but Redis itself is when it reads its log: without rights it would drop every transaction.
user default off resetpass ~* &* +@all
user health on nopass -@all +ping
user airflow on #${hash} ~* &* +@all -@admin -@dangerous +info +keys
`;
}
