import { inUrl, unescaped } from "./escapes.ts";

/** Address and login of a Postgres database. */
export interface PostgresLogin {
  readonly user: string;
  readonly password: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Parameters of libpq, such as `sslmode`. */
  readonly parameters: Readonly<Record<string, string>>;
}

const allowedUrl =
  "expected postgresql://USER:PASSWORD@HOST:5432/DATABASE, with special characters of the user and password as %XX";

/** Parameters that a URL may have, without those that name files: only `ca` is delivered to roles. */
const knownParameters = [
  "sslmode",
  "application_name",
  "channel_binding",
  "connect_timeout",
  "keepalives",
  "keepalives_count",
  "keepalives_idle",
  "keepalives_interval",
  "target_session_attrs",
  "tcp_user_timeout",
];
const modes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/** Public authorities in Debian and in the official images, which libpq does not use by itself. */
const publicAuthorities = "/etc/ssl/certs/ca-certificates.crt";

function parametersOf(query: URLSearchParams): Record<string, string> {
  const given = Object.fromEntries(query);
  const unknown = Object.keys(given).find((key) => !knownParameters.includes(key));
  if (unknown !== undefined) {
    throw new Error(
      `its parameter ${unknown} is not supported; expected ${knownParameters.join(", ")}, and the authorities as ca`,
    );
  }
  if (given.sslmode !== undefined && !modes.includes(given.sslmode)) {
    throw new Error(`its sslmode is ${given.sslmode}; expected ${modes.join(", ")}`);
  }
  return given;
}

/**
 * Parses `postgresql://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETERS`; the default port is 5432.
 * @throws Error that names the expected form, and never the URL
 */
export function postgresLogin(given: string): PostgresLogin {
  const text = given.trim().replace(/^postgres(ql)?(\+psycopg2?)?:\/\//, "postgresql://");
  if (!text.startsWith("postgresql://") || !URL.canParse(text)) throw new Error(allowedUrl);
  const { username, password, hostname, port, pathname, searchParams } = new URL(text);
  const database = pathname.slice(1);
  if ([username, password, hostname, database].includes("") || database.includes("/")) {
    throw new Error(allowedUrl);
  }
  return {
    user: unescaped(username, allowedUrl),
    password: unescaped(password, allowedUrl),
    host: hostname,
    port: port === "" ? 5432 : Number(port),
    database: unescaped(database, allowedUrl),
    parameters: parametersOf(searchParams),
  };
}

/**
 * Returns the parameters of TLS for a client. `sslmode` is that of the URL, or `verify-full` if authorities are given;
 * without given authorities, a mode that checks the certificate uses the public ones.
 * @param ca path of the file with the authorities, on the client's side
 */
export function tlsOf(
  { parameters }: PostgresLogin,
  ca?: string,
): { sslmode?: string; sslrootcert?: string } {
  const sslmode = parameters.sslmode ?? (ca === undefined ? undefined : "verify-full");
  if (sslmode === undefined) return {};
  const authorities = ca ?? (sslmode.startsWith("verify") ? publicAuthorities : undefined);
  return { sslmode, ...(authorities !== undefined && { sslrootcert: authorities }) };
}

/** Fault of a database that {@link hostElsewhere} finds no host for. */
export const onlyByName =
  "KEDA, which counts tasks there, does not read extraHosts, and sslmode=verify-full needs the name: expected a name that the cluster's name servers know, or sslmode=verify-ca";

/**
 * Returns the host of a database for a client that does not know the stack's `extraHosts`: their address for a name among
 * them; undefined if the certificate must prove that name.
 * @param ca authorities that the stack gives
 */
export function hostElsewhere(
  login: PostgresLogin,
  ca: string | undefined,
  extraHosts: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const { [login.host.toLowerCase()]: address } = extraHosts;
  if (address === undefined) return login.host;
  return tlsOf(login, ca).sslmode === "verify-full" ? undefined : address;
}

/** Parameters that detect a vanished server after 12 s (`tcp_user_timeout`, in ms); Linux' default is 15 minutes. */
const keepAlive = {
  connect_timeout: "10",
  keepalives_idle: "5",
  keepalives_interval: "3",
  keepalives_count: "3",
  tcp_user_timeout: "12000",
};

/** Renders the URL for a client: `postgresql+DRIVER://` for SQLAlchemy, `postgresql://` for libpq. */
export function postgresUrl(login: PostgresLogin, driver?: "psycopg2" | "psycopg", ca?: string): string {
  const { user, password, host, port, database } = login;
  const [name, word, path] = [user, password, database].map(inUrl);
  const query = new URLSearchParams({ ...keepAlive, ...login.parameters, ...tlsOf(login, ca) }).toString();
  const scheme = driver === undefined ? "postgresql" : `postgresql+${driver}`;
  return `${scheme}://${name}:${word}@${host}:${port}/${path}?${query}`;
}
