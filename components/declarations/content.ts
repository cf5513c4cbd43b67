import type * as pulumi from "@pulumi/pulumi";
import { addressOf } from "../../settings/model/names/users.ts";
import type { DeclaredObjects } from "../../settings/schema/declarations.ts";
import { isPlace } from "../../settings/schema/secret.ts";
import type { Platform } from "../../workload.ts";
import { readSecret } from "../readSecret.ts";
import { mapValues } from "../roles/extras.ts";

type Connection = DeclaredObjects["connections"][string];
type User = DeclaredObjects["users"][string];

function variable(value: unknown, platform: Platform): pulumi.Input<string> {
  if (typeof value === "string") return value;
  if (isPlace(value)) return readSecret(value, platform);
  return JSON.stringify(value);
}

function connection({ type, uri, password, extra, ...plain }: Connection, platform: Platform) {
  return {
    ...plain,
    ...(type !== undefined && { conn_type: type }),
    ...(uri !== undefined && { uri: readSecret(uri, platform) }),
    ...(password !== undefined && { password: readSecret(password, platform) }),
    ...(extra !== undefined && { extra: variable(extra, platform) }),
  };
}

function user({ role, email, firstName, lastName, password }: User, name: string, platform: Platform) {
  return {
    role,
    email: email ?? addressOf(name),
    first_name: firstName ?? name,
    last_name: lastName ?? role,
    password: readSecret(password, platform),
  };
}

/** Renders the declarations as `declare.py` reads them: secret. */
export function renderDeclarations(declarations: DeclaredObjects, platform: Platform) {
  return {
    connections: mapValues(declarations.connections, (value) => connection(value, platform)),
    variables: mapValues(declarations.variables, (value) => variable(value, platform)),
    pools: mapValues(declarations.pools, ({ slots, description = "", includeDeferred }) => ({
      slots,
      description,
      include_deferred: includeDeferred,
    })),
    users: mapValues(declarations.users, (value, name) => user(value, name, platform)),
  };
}
