import { inUrl, unescaped } from "./escapes.ts";

/** A Redis database, and how it is reached. */
export interface RedisLogin {
  readonly tls: boolean;
  readonly user: string;
  readonly password: string;
  readonly host: string;
  readonly port: number;
  readonly database: number;
}

const allowed =
  "expected rediss://USER:PASSWORD@HOST:6379/0, or redis:// without TLS, with what is special in a user or password as %XX";

/**
 * Reads `rediss://USER:PASSWORD@HOST:PORT/NUMBER`. The server always has to prove its name.
 * @throws Error that says what is allowed, without what was given
 */
export function redisLogin(given: string): RedisLogin {
  const text = given.trim();
  if (!/^rediss?:\/\//.test(text) || !URL.canParse(text)) throw new Error(allowed);
  const { protocol, username, password, hostname, port, pathname, searchParams } = new URL(text);
  const database = pathname.replace(/^\//, "") || "0";
  if (hostname === "" || password === "" || !/^\d{1,4}$/.test(database)) throw new Error(allowed);
  const strange = [...searchParams].find(([key, value]) => key !== "ssl_cert_reqs" || value !== "required");
  if (strange) throw new Error(`its parameter ${strange[0]} cannot be kept; the authorities are given as ca`);
  return {
    tls: protocol === "rediss:",
    user: unescaped(username, allowed) || "default",
    password: unescaped(password, allowed),
    host: hostname,
    port: port === "" ? 6379 : Number(port),
    database: Number(database),
  };
}

/** The same for Celery, which is told of TLS by `[celery] ssl_active` beside it. */
export function redisUrl({ tls, user, password, host, port, database }: RedisLogin): string {
  const [name, word] = [user, password].map(inUrl);
  return `${tls ? "rediss" : "redis"}://${name}:${word}@${host}:${port}/${database}`;
}
