import crypto from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { DynamicResource, type StoredProvider, sourceOf } from "../dynamicResource.ts";
import type { Settings } from "../settings/model/groups.ts";
import { formProblem } from "../settings/model/secretForm.ts";
import type { SecretName } from "../settings/schema/schema.ts";
import { encrypted, type SecretSource } from "../settings/schema/secret.ts";
import type { Platform } from "../workload.ts";
import { readSecret } from "./readSecret.ts";

const names: readonly SecretName[] = [
  /** Password of the Postgres superuser. */
  "postgresPassword",
  /** Password of the role that owns Airflow's metadata. */
  "metadataPassword",
  /** Password of the role that owns the Celery results. */
  "resultsPassword",
  "brokerPassword",
  /** Encrypts connections and variables in the metadata. */
  "fernetKey",
  /** Private key that signs the tokens of tasks and people. */
  "jwtSecret",
  /** Signs sessions, and requests for task logs. */
  "apiSecretKey",
  "adminPassword",
  /** Encrypts backups. */
  "backupKey",
];

type Minted = Readonly<Record<SecretName, string>>;
type ByName<T> = Readonly<Record<string, T>>;

/** Inputs of the secrets' provider. */
interface Wanted {
  readonly names: readonly string[];
  /** Values of the secrets that are given instead of minted. */
  readonly given: ByName<string>;
  /** Generation by name: another number mints the secret again, none keeps it. */
  readonly generations: ByName<number>;
  /** Fate of replaced secrets. */
  readonly previousSecrets: "valid" | "dropped";
}

/** Outputs of the secrets' provider, which the state keeps. */
interface Held {
  readonly names: readonly string[];
  readonly values: ByName<string>;
  readonly generations: ByName<number>;
  /** Earlier values that are valid beside the current ones: at most one per secret. */
  readonly previous: ByName<string>;
  /** All earlier values, the latest first: stored data may need them. */
  readonly older: ByName<readonly string[]>;
  /** Times each secret was replaced. */
  readonly replaced: ByName<number>;
  /** Public keys that tokens may be signed with. */
  readonly jwks: string;
}

/** Outputs as the state of an older program may hold them. */
type Known = Pick<Held, "names" | "values"> & Partial<Held>;

function minted(name: string): string {
  // A fernet key is 32 bytes in padded base64, and a session's key 64 at least; without padding nothing needs escaping.
  if (name === "fernetKey") return `${crypto.randomBytes(32).toString("base64url")}=`;
  if (name === "jwtSecret") {
    const { privateKey } = crypto.generateKeyPairSync("ed25519");
    return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  }
  return crypto.randomBytes(48).toString("base64url");
}

/** True if a stored value no longer serves: `jwtSecret` must be a private key. */
function isOutdated(name: string, value: string): boolean {
  return name === "jwtSecret" && !value.includes("PRIVATE KEY");
}

function isDue(name: string, wanted: Wanted, { values, generations = {} }: Known): boolean {
  const { [name]: value } = values;
  if (value === undefined) return true;
  const { [name]: own } = wanted.given;
  if (own !== undefined) return own !== value;
  const { [name]: held = 1 } = generations;
  return (wanted.generations[name] ?? held) !== held || isOutdated(name, value);
}

/** Returns the public half of a key as a JWK, with its thumbprint as the id, as in Airflow. */
function publicKey(pem: string) {
  const { crv, kty, x } = crypto.createPublicKey(pem).export({ format: "jwk" });
  const kid = crypto.createHash("sha256").update(JSON.stringify({ crv, kty, x })).digest("base64url");
  return { kid, kty, crv, x, alg: "EdDSA", use: "sig" };
}

/** Returns the public halves of keys in PEM as a JSON Web Key Set. */
export function jwksOf(keys: readonly string[]): string {
  return JSON.stringify({ keys: keys.map(publicKey) });
}

/** Replaces the secrets that are due, and keeps the rest. */
function held(wanted: Wanted, known: Known): Held {
  const values = { ...known.values };
  const previous = { ...known.previous };
  const older = { ...known.older };
  for (const name of wanted.names) {
    const { [name]: value } = values;
    older[name] ??= [];
    if (!isDue(name, wanted, known)) continue;
    values[name] = wanted.given[name] ?? minted(name);
    if (value === undefined || isOutdated(name, value)) continue;
    previous[name] = value;
    older[name] = [value, ...older[name]];
  }
  const valid = wanted.previousSecrets === "valid" ? previous : {};
  const signing = [values.jwtSecret, valid.jwtSecret].filter((key) => key !== undefined);
  return {
    names: wanted.names,
    values,
    generations: { ...known.generations, ...wanted.generations },
    previous: valid,
    older,
    replaced: Object.fromEntries(wanted.names.map((name) => [name, older[name]?.length ?? 0])),
    jwks: jwksOf(signing),
  };
}

/** Mints secrets that are missing or due, and never touches the rest. */
const minter: pulumi.dynamic.ResourceProvider<Wanted, Held> = {
  async create(inputs) {
    return { id: "secrets", outs: held(inputs, { names: [], values: {} }) };
  },
  async diff(_id, olds, news) {
    const known: Known = olds;
    const dropped = news.previousSecrets === "dropped" && Object.keys(known.previous ?? {}).length > 0;
    const due = news.names.some((name) => isDue(name, news, known));
    return { changes: known.older === undefined || dropped || due };
  },
  async update(_id, olds, news) {
    return { outs: held(news, olds) };
  },
};

/** The minter as the state keeps it. */
export const stored: StoredProvider<Wanted, Held> = {
  provider: minter,
  functions: [minted, isOutdated, isDue, publicKey, jwksOf, held],
};

/** Constant parts of the resource that keeps the secrets, for a state that is made from a backup. */
export const secretsResource = { source: sourceOf(stored), names } as const;

export interface SecretsArgs {
  readonly platform: Platform;
  readonly settings: Pick<Settings, "secrets" | "secretGenerations" | "previousSecrets">;
}

/** Reads a given secret and checks its form, unless it cannot be read here. */
function checked(name: SecretName, source: SecretSource, platform: Platform): pulumi.Output<string> {
  return readSecret(source, platform).apply((value) => {
    const fault = value === encrypted ? undefined : formProblem(name, value);
    if (fault !== undefined) throw new pulumi.RunError(`secrets.${name} has another form; ${fault}`);
    return value;
  });
}

/** Returns the first value of a secret. */
export function firstOf({ older, values }: Secrets, name: SecretName): pulumi.Output<string> {
  return pulumi.all([older[name], values[name]]).apply(([earlier, current]) => earlier.at(-1) ?? current);
}

/**
 * Joins fernet keys, the first of which encrypts: `valid` for running roles, `all` with all earlier keys. Until previous secrets are
 * dropped, which encrypts the data with the current key, data may be under any earlier one, so both are the same.
 */
export function fernetKeys({ values, previous, older }: Pick<Secrets, "values" | "previous" | "older">) {
  const { fernetKey } = values;
  const joined = (keys: readonly (string | undefined)[]) => keys.filter((key) => key !== undefined).join(",");
  return {
    valid: pulumi
      .all([fernetKey, previous, older])
      .apply(([current, { fernetKey: last }, { fernetKey: earlier }]) =>
        joined([current, ...(last === undefined ? [] : earlier)]),
      ),
    all: pulumi
      .all([fernetKey, older])
      .apply(([current, { fernetKey: earlier }]) => joined([current, ...earlier])),
  };
}

/** Lists the entries that a stack gives. */
function stated<T>(byName: { readonly [name in SecretName]?: T | undefined }): [SecretName, T][] {
  return names.flatMap((name): [SecretName, T][] => {
    const { [name]: value } = byName;
    return value === undefined ? [] : [[name, value]];
  });
}

/**
 * Mints the secrets at the first deployment, unless they are given, and keeps them in the state; protected,
 * since stored data needs them. A replaced secret stays valid as the previous one until the next replacement,
 * or until previous secrets are dropped.
 */
export class Secrets extends DynamicResource<Wanted, Held> {
  /** Current values. */
  declare readonly values: pulumi.Output<Minted>;
  /** Earlier values that are still valid. */
  declare readonly previous: pulumi.Output<Partial<Minted>>;
  /** All earlier values, the latest first. */
  declare readonly older: pulumi.Output<Readonly<Record<SecretName, readonly string[]>>>;
  /** Times each secret was replaced: not secret. */
  declare readonly replaced: pulumi.Output<Readonly<Record<SecretName, number>>>;
  /** Public keys of the current and the previous `jwtSecret`, as a JSON Web Key Set. */
  declare readonly jwks: pulumi.Output<string>;

  constructor(name: string, { platform, settings }: SecretsArgs, opts?: pulumi.CustomResourceOptions) {
    const sources = stated<SecretSource>(settings.secrets);
    const inputs = {
      names,
      given: pulumi.secret(
        Object.fromEntries(sources.map(([key, source]) => [key, checked(key, source, platform)])),
      ),
      generations: Object.fromEntries(stated<number>(settings.secretGenerations)),
      previousSecrets: settings.previousSecrets,
    };
    const outputs = { values: undefined, previous: undefined, older: undefined, replaced: undefined };
    super(
      stored,
      name,
      { ...inputs, ...outputs, jwks: undefined },
      { ...opts, protect: true, additionalSecretOutputs: ["values", "previous", "older"] },
    );
  }
}
