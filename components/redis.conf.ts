import { secretsDirectory } from "../workload.ts";

/** The secret with {@link redisUsers}. */
export const usersFile = "users.acl";

/** Renders redis.conf: durable, never evicting. Nothing of it is secret. */
export function redisConf(memory: number): string {
  return `# Reports READY=1 to the supervisor once the data set is loaded.
supervised systemd
bind * -::*
protected-mode yes
port 6379
dir /data
aclfile ${secretsDirectory}/${usersFile}
# Messages are lost neither by a restart nor, but for the last second, by a crash.
appendonly yes
appendfsync everysec
# A full broker refuses new messages instead of dropping old ones; a rewrite of the log needs room beside them.
maxmemory ${Math.floor(memory * 0.6)}mb
maxmemory-policy noeviction
# Notices clients whose machine is gone.
tcp-keepalive 60
`;
}

/**
 * Who may do what: Airflow's user has the password, and the previous one while that is valid; that of the health check none.
 * Nobody can be the default user, but Redis itself is when it reads its log: without rights it would drop every transaction.
 */
export function redisUsers(...airflowPasswords: readonly string[]): string {
  const passwords = airflowPasswords.map((password) => `>${password}`).join(" ");
  return `user default off resetpass ~* &* +@all
user health on nopass -@all +ping
user airflow on ${passwords} ~* &* +@all -@admin -@dangerous +info
`;
}
