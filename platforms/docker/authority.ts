import crypto from "node:crypto";
import type * as pulumi from "@pulumi/pulumi";
import { DynamicResource, type StoredProvider } from "../../dynamicResource.ts";
import { authorityCertificate, certificateFunctions, machineCertificate } from "./certificate.ts";

interface Wanted {
  readonly names: readonly string[];
  readonly generation: number;
}

interface Keyring {
  /** Private key of the authority. */
  readonly key: string;
  /** Certificates of this authority and the previous one. */
  readonly authorities: string;
  /** Certificate signed by the previous authority: whoever trusts only that one trusts this one too. Empty at first. */
  readonly bridge: string;
}

interface Held extends Wanted, Keyring {
  /** Certificate, bridge and private key of each machine, by its name. */
  readonly machines: Readonly<Record<string, string>>;
}

function minted(): crypto.KeyPairKeyObjectResult {
  return crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
}

function pem(key: crypto.KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Days until the first certificate in a text expires. */
function daysLeft(certificates: string): number {
  return (Date.parse(new crypto.X509Certificate(certificates).validTo) - Date.now()) / 86_400_000;
}

/** Makes an authority that is valid for ten years. */
async function authority(previous?: Keyring): Promise<Keyring> {
  const { privateKey, publicKey } = minted();
  const own = await authorityCertificate(publicKey, privateKey, 3650);
  if (!previous) return { key: pem(privateKey), authorities: own, bridge: "" };
  const before = new crypto.X509Certificate(previous.authorities).toString();
  const bridge = await authorityCertificate(publicKey, crypto.createPrivateKey(previous.key), 3650);
  return { key: pem(privateKey), authorities: own + before, bridge };
}

async function machine(name: string, { key, bridge }: Keyring): Promise<string> {
  const { privateKey, publicKey } = minted();
  const own = await machineCertificate(name, publicKey, crypto.createPrivateKey(key), 365);
  return own + bridge + pem(privateKey);
}

/** True if the authority must be replaced: on demand, or before it would expire ahead of what it signs. */
function isOver({ generation, authorities }: Held, wanted: Wanted): boolean {
  return generation !== wanted.generation || daysLeft(authorities) < 365;
}

/** True if at least 90 days are left: with a deployment in each quarter, no certificate expires. */
function isGood(certificate: string | undefined): certificate is string {
  return certificate !== undefined && daysLeft(certificate) >= 90;
}

async function held({ names, generation }: Wanted, keyring: Keyring, known: Held["machines"]): Promise<Held> {
  const entries = names.map(async (name) => {
    const kept = known[name];
    return [name, isGood(kept) ? kept : await machine(name, keyring)] as const;
  });
  const { key, authorities, bridge } = keyring;
  const machines = Object.fromEntries(await Promise.all(entries));
  return { names, generation, key, authorities, bridge, machines };
}

/** Mints certificates that are missing or about to expire, and keeps the rest. */
export const minter: pulumi.dynamic.ResourceProvider<Wanted, Held> = {
  async create(inputs) {
    return { id: "authority", outs: await held(inputs, await authority(), {}) };
  },
  async diff(_id, olds, news) {
    const removed = Object.keys(olds.machines).some((name) => !news.names.includes(name));
    const due = news.names.some((name) => !isGood(olds.machines[name]));
    return { changes: removed || due || isOver(olds, news) };
  },
  async update(_id, olds, news) {
    if (!isOver(olds, news)) return { outs: await held(news, olds, olds.machines) };
    return { outs: await held(news, await authority(olds), {}) };
  },
};

/** The minter in the form that the state keeps. */
export const stored: StoredProvider<Wanted, Held> = {
  provider: minter,
  functions: [...certificateFunctions, minted, pem, daysLeft, authority, machine, isOver, isGood, held],
};

export interface AuthorityArgs {
  /** Names of the machines that get a certificate. */
  readonly machines: readonly string[];
  /** A changed number replaces the authority; certificates of the previous one stay valid until the next change. */
  readonly generation: number;
}

/**
 * Signs the certificates that machines show each other: valid for a year, renewed by a deployment in the last 90 days.
 * The state keeps keys and certificates as secrets.
 */
export class Authority extends DynamicResource<Wanted, Held> {
  /** Trusted certificates in PEM: those of this authority and the previous one. */
  declare readonly authorities: pulumi.Output<string>;
  /** By machine, in PEM: its certificate, the chain to a trusted authority, its private key. */
  declare readonly machines: pulumi.Output<Readonly<Record<string, string>>>;

  constructor(name: string, args: AuthorityArgs, opts?: pulumi.CustomResourceOptions) {
    const inputs = { names: args.machines, generation: args.generation };
    const secret = ["authorities", "machines", "key", "bridge"];
    super(
      stored,
      name,
      { ...inputs, authorities: undefined, machines: undefined },
      { ...opts, additionalSecretOutputs: secret },
    );
  }
}
