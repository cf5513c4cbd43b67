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
  "expected rediss://USER:PASSWORD@HOST:6379/0, or redis:// without TLS, with special characters of the user and password as %XX";

/**
 * Parses `rediss://USER:PASSWORD@HOST:PORT/NUMBER`; the defaults are user `default`, port 6379 and database 0. With TLS
 * clients always check the server's name.
 * @throws Error that names the expected form, and never the URL
 */
export function redisLogin(given: string): RedisLogin {
  const text = given.trim();
  if (!/^rediss?:\/\//.test(text) || !URL.canParse(text)) throw new Error(allowed);
  const { protocol, username, password, hostname, port, pathname, searchParams } = new URL(text);
  const database = pathname.replace(/^\//, "") || "0";
  if (hostname === "" || password === "" || !/^\d{1,4}$/.test(database)) throw new Error(allowed);
  const unknown = [...searchParams].find(([key, value]) => key !== "ssl_cert_reqs" || value !== "required");
  if (unknown)
    throw new Error(`its parameter ${unknown[0]} is not supported; expected none, and the authorities as ca`);
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
