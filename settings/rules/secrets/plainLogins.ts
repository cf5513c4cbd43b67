import { airflowOptions } from "../../model/airflowOptions.ts";
import { isSensitive } from "../../model/known.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

function hasLogin(text: string): boolean {
  return /:\/\/[^/@\s]*:[^/\s]*@/.test(text);
}

const readable = "everybody with access to the engine or the cluster could read its login: expected";

/** Rejects logins in URLs of settings that Airflow does not keep secret. */
const settings = rule(["version", "settings.*.*"], (parsed) =>
  [...airflowOptions(parsed)].flatMap(([name, { path, value }]) => {
    const [section = "", ...key] = name.split(".");
    const isPlain = !isSensitive(parsed.version, section, key.join(".")) && hasLogin(value);
    return faultAt(path, isPlain ? `${readable} none, and the login in connections` : undefined, value);
  }),
);

/** Rejects logins in the hosts of connections. */
const hosts = rule(["connections.*.host"], ({ connections }) =>
  Object.entries(connections).flatMap(([id, { host }]) =>
    faultAt(
      ["connections", id, "host"],
      hasLogin(host ?? "") ? `${readable} login and password beside the host` : undefined,
    ),
  ),
);

export const plainLoginRules = [settings, hosts];
