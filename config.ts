import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { isScalar, LineCounter, parseDocument, YAMLMap } from "yaml";
import { localImage } from "./images/local.ts";

/** Any `airflow.cfg` setting, by section and key. */
export type AirflowSettings = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What a stack says, checked. */
export interface Settings {
  readonly workers: number;
  readonly workerConcurrency: number;
  readonly workerGraceSeconds: number;
  readonly webserverPort: number;
  readonly flowerPort: number;
  readonly adminUser: string;
  /** Absolute path. */
  readonly dags: string;
  readonly images: Readonly<Record<"airflow" | "postgres" | "redis", string>>;
  readonly settings: AirflowSettings;
}

/** One thing wrong with a value: what is allowed instead. */
class Refusal extends Error {}

type Read<T> = (given: string | undefined) => T;

function wholeNumber(fallback: number, min: number, max: number): Read<number> {
  return (given) => {
    if (given === undefined) return fallback;
    const value = Number(given);
    if (/^\d+$/.test(given) && value >= min && value <= max) return value;
    throw new Refusal(`allowed is a whole number from ${min} to ${max}`);
  };
}

function userName(fallback: string): Read<string> {
  return (given = fallback) => {
    if (/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(given)) return given;
    throw new Refusal("allowed are letters, digits, '_', '.' and '-', a letter first, 64 at most");
  };
}

function directory(fallback: string): Read<string> {
  return (given = fallback) => {
    const path = resolve(import.meta.dirname, given);
    if (existsSync(path) && statSync(path).isDirectory()) return path;
    throw new Refusal(`allowed is a directory, relative to Pulumi.yaml; there is none at ${path}`);
  };
}

function parseObject(given: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(given);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const images: Read<Settings["images"]> = (given = "{}") => {
  const defaults = {
    airflow: localImage("airflow"),
    postgres: localImage("postgres"),
    redis: localImage("redis"),
  };
  const value = parseObject(given);
  const valid = ([name, image]: [string, unknown]) =>
    Object.hasOwn(defaults, name) && typeof image === "string" && image !== "";
  if (!value || !Object.entries(value).every(valid)) {
    throw new Refusal(`allowed are image names for ${Object.keys(defaults).join(", ")}`);
  }
  return { ...defaults, ...value };
};

/** Settings that the stack mints or decides itself, each for the roles that need it. */
const reserved = [
  "api.secret_key",
  "api_auth.jwt_secret",
  "celery.broker_url",
  "celery.flower_basic_auth",
  "celery.result_backend",
  "core.executor",
  "core.fernet_key",
  "database.sql_alchemy_conn",
];

const airflowSettings: Read<AirflowSettings> = (given = "{}") => {
  const refusal = new Refusal(
    "allowed are sections of airflow.cfg, each with keys and their values: { core: { parallelism: 32 } }",
  );
  const sections = parseObject(given);
  if (!sections) throw refusal;
  const entries = Object.entries(sections).map(([section, keys]) => {
    if (typeof keys !== "object" || keys === null || Array.isArray(keys)) throw refusal;
    const values = Object.entries(keys).map(([key, value]) => {
      if (!["string", "number", "boolean"].includes(typeof value)) throw refusal;
      const name = `${section}.${key}`.toLowerCase();
      if (reserved.includes(name)) throw new Refusal(`${name} is the stack's own and cannot be set`);
      // Airflow's own spelling of a boolean.
      return [key, value === true ? "True" : value === false ? "False" : String(value)] as const;
    });
    return [section, Object.fromEntries(values)] as const;
  });
  return Object.fromEntries(entries);
};

const readers: { readonly [key in keyof Settings]: Read<Settings[key]> } = {
  workers: wholeNumber(2, 0, 1000),
  workerConcurrency: wholeNumber(4, 1, 1000),
  workerGraceSeconds: wholeNumber(300, 1, 86400),
  webserverPort: wholeNumber(8080, 1, 65535),
  flowerPort: wholeNumber(5555, 1, 65535),
  adminUser: userName("admin"),
  dags: directory("dags"),
  images,
  settings: airflowSettings,
};

/** Finds `file:line` of a key in a stack file, or just the file where the value came from elsewhere. */
function locator(file: string): (key: string) => string {
  if (!existsSync(file)) return () => "given on the command line";
  const lines = new LineCounter();
  const config = parseDocument(readFileSync(file, "utf8"), { lineCounter: lines }).get("config");
  return (key) => {
    const pair =
      config instanceof YAMLMap
        ? config.items.find(({ key: k }) => isScalar(k) && k.value === key)
        : undefined;
    const offset = isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
    return offset === undefined ? file : `${file}:${lines.linePos(offset).line}`;
  };
}

/**
 * Checks raw values, all at once.
 * @param given values by key without the project's prefix
 * @param where tells `file:line` of a key
 * @throws pulumi.RunError listing every fault: key, what was given, what is allowed, where
 */
export function settingsFrom(
  given: Readonly<Record<string, string>>,
  where: (key: string) => string,
): Settings {
  const faults = Object.keys(given)
    .filter((key) => !Object.hasOwn(readers, key))
    .map((key) => `${where(key)}: ${key} is unknown; allowed are ${Object.keys(readers).join(", ")}`);
  const values: Record<string, unknown> = {};
  for (const [key, read] of Object.entries(readers)) {
    try {
      values[key] = read(given[key]);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // An object may hold what nobody should read in a log.
      const value = given[key]?.startsWith("{") ? "{…}" : given[key];
      faults.push(`${where(key)}: ${key} is ${value}; ${error.message}`);
    }
  }
  if (values.webserverPort === values.flowerPort) {
    faults.push(
      `${where("flowerPort")}: webserverPort and flowerPort are both ${values.flowerPort}; allowed are two ports`,
    );
  }
  if (faults.length > 0) {
    throw new pulumi.RunError(
      `The stack's configuration has ${faults.length} fault(s):\n  ${faults.join("\n  ")}`,
    );
  }
  return values as unknown as Settings;
}

/** Reads the configuration of the running stack. */
export function readSettings(): Settings {
  const prefix = `${pulumi.getProject()}:`;
  const given = Object.entries(pulumi.runtime.allConfig())
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), value]);
  const where = locator(`stacks/Pulumi.${pulumi.getStack()}.yaml`);
  return settingsFrom(Object.fromEntries(given), (key) => where(prefix + key));
}
