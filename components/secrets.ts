import * as pulumi from "@pulumi/pulumi";

const names = [
  /** Password of the Postgres superuser. */
  "postgresPassword",
  /** Password of the role that owns Airflow's metadata. */
  "metadataPassword",
  /** Password of the role that owns the Celery results. */
  "resultsPassword",
  "brokerPassword",
  /** Encrypts connections and variables in the metadata. */
  "fernetKey",
  /** Signs the tokens that tasks show to the execution API. */
  "jwtSecret",
  /** Signs sessions, and requests for task logs. */
  "apiSecretKey",
  "adminPassword",
] as const;

type Minted = Readonly<Record<(typeof names)[number], string>>;

interface Minting {
  readonly names: readonly string[];
  readonly values?: Readonly<Record<string, string>>;
}

/** The secrets of a stack, by name. */
export type MintedSecrets = { readonly [name in keyof Minted]: pulumi.Output<string> };

/** Mints what is missing and never touches what is there. Serialised into the state: it may refer to nothing outside. */
const minter: pulumi.dynamic.ResourceProvider<Minting, Minting> = {
  async create(inputs) {
    const { randomBytes } = await import("node:crypto");
    // A fernet key is 32 bytes in padded base64, and a token's key 64 at least; without padding nothing needs escaping.
    const mint = (name: string) =>
      name === "fernetKey"
        ? `${randomBytes(32).toString("base64url")}=`
        : randomBytes(48).toString("base64url");
    const values = Object.fromEntries(inputs.names.map((name) => [name, mint(name)]));
    return { id: "secrets", outs: { names: inputs.names, values } };
  },
  async diff(_id, olds, news) {
    return { changes: news.names.some((name) => !olds.names.includes(name)) };
  },
  async update(_id, olds, news) {
    const { randomBytes } = await import("node:crypto");
    const minted = news.names.map((name) => [name, randomBytes(48).toString("base64url")]);
    return { outs: { names: news.names, values: { ...Object.fromEntries(minted), ...olds.values } } };
  },
};

/** Mints the secrets at the first deployment and keeps them in the state; protected, since the stored data needs them. */
export class Secrets extends pulumi.dynamic.Resource {
  declare readonly values: pulumi.Output<Minted>;

  constructor(name: string, opts?: pulumi.CustomResourceOptions) {
    const fixed = { protect: true, additionalSecretOutputs: ["values"] };
    super(minter, name, { names, values: undefined }, { ...opts, ...fixed });
  }
}
