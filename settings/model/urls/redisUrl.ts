import { inUrl, unescaped } from "./escapes.ts";

/** Address and login of a Redis database. */
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
 * Parses `rediss://USER:PASSWORD@HOST:PORT/NUMBER`. With TLS the server must always prove its name.
 * @throws Error that says what is expected, without the URL
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

/** Renders the URL for Celery, which also needs `[celery] ssl_active` for TLS. */
export function redisUrl({ tls, user, password, host, port, database }: RedisLogin): string {
  const [name, word] = [user, password].map(inUrl);
  return `${tls ? "rediss" : "redis"}://${name}:${word}@${host}:${port}/${database}`;
}
