import type { Fault } from "../fault.ts";
import { rule } from "../rule.ts";

const place = "the stack decides where it listens and what is published";
const data = "the stack decides where its files are";
const logins = "the stack decides how clients log in, which is with SCRAM-SHA-256";
const tls =
  "within the stack it speaks without TLS, and nothing outside reaches it: expected postgres.url, for a server with TLS";

/** Settings of postgresql.conf that the stack decides, and why. */
const own: Readonly<Record<string, string>> = {
  listen_addresses: place,
  port: place,
  unix_socket_directories: place,
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
const settings = rule(["postgres.settings.*"], ({ postgres }) =>
  Object.entries(postgres.settings).flatMap(([key, value]): Fault[] => {
    const path = ["postgres", "settings", key];
    const name = key.toLowerCase();
    const off = value === false || ["off", "false", "no", "0"].includes(String(value).toLowerCase());
    if (off && safe[name] !== undefined) return [{ path, message: safe[name], given: String(value) }];
    const reason = own[name] ?? (name.startsWith("ssl_") ? tls : undefined);
    return reason === undefined ? [] : [{ path, message: `it is the stack's own: ${reason}` }];
  }),
);

export const postgresRules = [settings];
