import { type Lines, spellLine } from "../../settings/schema/services.ts";
import { secretsDirectory } from "../../workload.ts";

/** The secret with {@link redisUsers}. */
export const usersFile = "users.acl";

/**
 * Renders redis.conf: durable, never evicting, not secret.
 * @param memory MiB
 * @param settings lines of the stack file, which follow the stack's own: the last line of a key wins
 */
export function redisConf(memory: number, settings: Lines = {}): string {
  const lines = Object.entries(settings).map(([key, value]) => `${key} ${spellLine("redis", value)}\n`);
  return `# Reports READY=1 to the supervisor once the data set is loaded.
supervised systemd
bind * -::*
protected-mode yes
port 6379
dir /data
aclfile ${secretsDirectory}/${usersFile}
# Keeps all messages over a restart; a crash loses the messages of the last second.
appendonly yes
appendfsync everysec
# Disables snapshots beside the append-only file: a snapshot needs disk space, and a failed snapshot would stop all writes.
save ""
stop-writes-on-bgsave-error no
# Refuses new messages when the memory is full, instead of dropping old ones. A rewrite of the append-only file needs the rest of
# the memory.
maxmemory ${Math.floor(memory * 0.6)}mb
maxmemory-policy noeviction
# Closes connections of clients that vanished after 8 s: each could still be handed one message.
tcp-keepalive 5
${lines.join("")}`;
}

/**
 * Renders the users and their rights. Airflow's user has the password, and the previous one while that is
 * valid; the health check's user has none. Nobody can log in as the default user, but Redis itself reads its
 * log as that user: without rights it would drop every transaction.
 */
export function redisUsers(...airflowPasswords: readonly string[]): string {
  const passwords = airflowPasswords.map((password) => `>${password}`).join(" ");
  return `user default off resetpass ~* &* +@all
user health on nopass -@all +ping
user airflow on ${passwords} ~* &* +@all -@admin -@dangerous +info
`;
}
