import crypto from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { DynamicResource, type StoredProvider } from "../dynamicResource.ts";
import type { Settings } from "../settings/model/groups.ts";
import { formFault } from "../settings/model/secretForm.ts";
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
];

type Minted = Readonly<Record<SecretName, string>>;
type ByName<T> = Readonly<Record<string, T>>;

/** What a stack wants of its secrets. */
interface Wanted {
  readonly names: readonly string[];
  /** Values of those that are not minted. */
  readonly given: ByName<string>;
  /** Another number mints anew; none leaves it at that. */
  readonly generations: ByName<number>;
  /** Whether what is replaced stays valid. */
  readonly previousSecrets: "valid" | "dropped";
}

/** What the state keeps. */
interface Held {
  readonly names: readonly string[];
  readonly values: ByName<string>;
  readonly generations: ByName<number>;
  /** Those that are valid beside the current ones: at most one each. */
  readonly previous: ByName<string>;
  /** All earlier ones, the latest first: what is stored may need them. */
  readonly older: ByName<readonly string[]>;
  /** How often each was replaced. */
  readonly replaced: ByName<number>;
  /** Public keys that tokens may be signed with. */
  readonly jwks: string;
}

/** As versions before this one kept them. */
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

/** One that no longer does: signing keys were texts once. */
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

/** A key's public half, called by its thumbprint as Airflow does. */
function publicKey(pem: string) {
  const { crv, kty, x } = crypto.createPublicKey(pem).export({ format: "jwk" });
  const kid = crypto.createHash("sha256").update(JSON.stringify({ crv, kty, x })).digest("base64url");
  return { kid, kty, crv, x, alg: "EdDSA", use: "sig" };
}

/** A JSON Web Key Set of the public halves of keys in PEM. */
export function jwksOf(keys: readonly string[]): string {
  return JSON.stringify({ keys: keys.map(publicKey) });
}

/** What is to be kept: what is due is replaced, the rest stays. */
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

/** Mints what is missing or due, and never touches the rest. */
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

export interface SecretsArgs {
  readonly platform: Platform;
  readonly settings: Pick<Settings, "secrets" | "secretGenerations" | "previousSecrets">;
}

/** A given secret in its right form; one that cannot be read here is not looked at. */
function checked(name: SecretName, source: SecretSource, platform: Platform): pulumi.Output<string> {
  return readSecret(source, platform).apply((value) => {
    const fault = value === encrypted ? undefined : formFault(name, value);
    if (fault !== undefined) throw new pulumi.RunError(`secrets.${name} has another form; ${fault}`);
    return value;
  });
}

/** The value that a secret had at first. */
export function firstOf({ older, values }: Secrets, name: SecretName): pulumi.Output<string> {
  return pulumi.all([older[name], values[name]]).apply(([earlier, current]) => earlier.at(-1) ?? current);
}

/** Fernet keys in one, the first of which encrypts: those that what runs may need, and all that ever were. */
export function fernetKeys({ values, previous, older }: Pick<Secrets, "values" | "previous" | "older">) {
  const { fernetKey } = values;
  const joined = (keys: readonly (string | undefined)[]) => keys.filter((key) => key !== undefined).join(",");
  return {
    valid: pulumi
      .all([fernetKey, previous])
      .apply(([current, { fernetKey: last }]) => joined([current, last])),
    all: pulumi
      .all([fernetKey, older])
      .apply(([current, { fernetKey: earlier }]) => joined([current, ...earlier])),
  };
}

/** Those that are said, by name. */
function stated<T>(byName: { readonly [name in SecretName]?: T | undefined }): [SecretName, T][] {
  return names.flatMap((name): [SecretName, T][] => {
    const { [name]: value } = byName;
    return value === undefined ? [] : [[name, value]];
  });
}

/**
 * Mints the secrets at the first deployment, unless they are given, and keeps them in the state; protected, since the stored
 * data needs them. One that is replaced stays valid as the previous one, until the next one is or it is dropped.
 */
export class Secrets extends DynamicResource<Wanted, Held> {
  /** Current values. */
  declare readonly values: pulumi.Output<Minted>;
  /** Those that are valid beside them. */
  declare readonly previous: pulumi.Output<Partial<Minted>>;
  /** All earlier ones, the latest first. */
  declare readonly older: pulumi.Output<Readonly<Record<SecretName, readonly string[]>>>;
  /** How often each was replaced: not secret. */
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
