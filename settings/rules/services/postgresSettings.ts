import { serverSettings, servers } from "../../model/servers.ts";
import { type Lines, spellLine } from "../../schema/services.ts";
import { type Fault, faultAt } from "../fault.ts";
import { hint, nearest } from "../nearest.ts";
import { rule } from "../rule.ts";
import { postgresTextProblem } from "./postgresTexts.ts";
import { postgresValueProblem } from "./postgresValues.ts";

const place =
  "the stack decides where Postgres listens, and which ports are published: expected no value; remove it";
const data = "the stack decides where Postgres keeps its files: expected no value; remove it";
const logins = "the stack lets clients log in with SCRAM-SHA-256 only: expected no value; remove it";
const tls =
  "the stack's own Postgres uses no TLS, and nothing outside reaches it: expected postgres.url, for a server with TLS";

/** Settings of postgresql.conf that the stack decides, each with the reason. */
const reasons: Readonly<Record<string, string>> = {
  listen_addresses: place,
  port: place,
  unix_socket_directories: place,
  unix_socket_group: place,
  data_directory: data,
  config_file: data,
  external_pid_file: data,
  include: data,
  include_dir: data,
  include_if_exists: data,
  hba_file: logins,
  ident_file: logins,
  password_encryption: logins,
  ssl: tls,
};

const safe: Readonly<Record<string, string>> = {
  fsync: "a power cut would destroy the database: expected on",
  full_page_writes: "a power cut would destroy the database: expected on",
};

/** Rejects settings of the stack's own Postgres that would open it, or make it lose data. */
const harmful = rule(["postgres.settings.*"], ({ postgres }) =>
  Object.entries(postgres.settings).flatMap(([key, value]): Fault[] => {
    const path = ["postgres", "settings", key];
    const name = key.toLowerCase();
    const isOff = ["off", "false", "no", "0"].includes(spellLine("postgres", value).toLowerCase());
    if (isOff && safe[name] !== undefined) return [{ path, message: safe[name], given: String(value) }];
    return faultAt(path, reserved(name));
  }),
);

/** Explains why the stack decides a setting; undefined if it does not. */
function reserved(name: string): string | undefined {
  return reasons[name] ?? (name.startsWith("ssl_") ? tls : undefined);
}

/** Explains why Postgres would not start with a setting; undefined if it would. */
function startProblem(name: string, text: string, settings: Lines, isKnown: boolean): string | undefined {
  const { accepted, libraries } = serverSettings("postgres");
  const known = accepted.get(name);
  if (known) {
    const loadable = isKnown ? libraries : undefined;
    return postgresValueProblem(known, text) ?? postgresTextProblem(name, text, settings, loadable);
  }
  // A name with a dot belongs to an extension.
  if (name.includes(".") || !isKnown) return;
  const meant = hint(nearest(name, [...accepted.keys()]));
  return `Postgres ${servers.postgres} does not know it, and would not start: ${meant}expected a setting of postgresql.conf`;
}

/** Rejects settings with which the stack's own Postgres does not start; of other versions the names are unknown. */
const startable = rule(["postgres.settings.*", "images.postgres"], ({ postgres, images }, isGiven) => {
  if (isGiven("postgres.url")) return [];
  const isKnown =
    images.postgres === undefined || new RegExp(`:${servers.postgres}([.-]|$)`).test(images.postgres);
  return Object.entries(postgres.settings).flatMap(([key, value]): Fault[] => {
    const [name, text] = [key.toLowerCase(), spellLine("postgres", value)];
    if (reserved(name) !== undefined) return [];
    return faultAt(["postgres", "settings", key], startProblem(name, text, postgres.settings, isKnown), text);
  });
});

export const postgresRules = [harmful, startable];
