import * as pulumi from "@pulumi/pulumi";
import { Airflow } from "../../components/airflow.ts";
import type { Look } from "../../platforms/ownership/claims.ts";
import { platformOf } from "../../platforms/platform.ts";
import { settingsFrom } from "../../settings/read.ts";

export interface Declared {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** URN and id of its provider, with `::` between them. */
  readonly provider?: string | undefined;
  /** Seconds that the provider gets for each operation, where they are not its own. */
  readonly timeLimits?: TimeLimits | undefined;
}

/** Seconds. */
interface TimeLimits {
  readonly create: number;
  readonly update: number;
  readonly delete: number;
}

/** The part of a registration that mocks are not told. */
interface Registration {
  getName(): string;
  getType(): string;
  getCustomtimeouts(): { getCreate(): string; getUpdate(): string; getDelete(): string } | undefined;
}

/** Notes the time limits of what is declared from now on, by type and name. */
function noteTimeLimits(): ReadonlyMap<string, TimeLimits> {
  const noted = new Map<string, TimeLimits>();
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource(request: Registration, ...rest: unknown[]): unknown;
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, ...rest) => {
    const given = request.getCustomtimeouts();
    const limits = given?.getCreate() && {
      create: Number.parseInt(given.getCreate(), 10),
      update: Number.parseInt(given.getUpdate(), 10),
      delete: Number.parseInt(given.getDelete(), 10),
    };
    if (limits) noted.set(`${request.getType()} ${request.getName()}`, limits);
    return register(request, ...rest);
  };
  return noted;
}

/** What a stack says, by key without the project's prefix. */
export type Config = Readonly<Record<string, unknown>>;

/** As Pulumi hands it over. */
export function raw(config: Config): Record<string, string> {
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, text(value)]));
}

/** The mark that the engine puts on a secret in transit. */
const secretMark = "4dabf18193072939515e22adb298388d";

function unwrapped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrapped);
  if (typeof value !== "object" || value === null) return value;
  if (secretMark in value && "value" in value) return unwrapped(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unwrapped(inner)]));
}

/** Texts by key of the Secrets that are in the cluster, by their names. */
type Found = Readonly<Record<string, Readonly<Record<string, string>>>>;

function encoded(texts: Found[string] = {}): Record<string, string> {
  const entries = Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
  return Object.fromEntries(entries);
}

/**
 * What a provider would be asked for, secrets in plain: `minted-<name>`.
 * @param look with what was asked for so far
 */
export async function declare(
  config: Config = {},
  exitCode = 0,
  found: Found = {},
  look?: (declared: readonly Declared[]) => Look,
): Promise<Declared[]> {
  const declared: Declared[] = [];
  await pulumi.runtime.setMocks({
    newResource({ type, name, inputs, provider, id }) {
      if (id) return { id, state: { ...inputs, data: encoded(found[id.slice(id.indexOf("/") + 1)]) } };
      declared.push({ type, name, inputs: unwrapped(inputs) as Declared["inputs"], provider });
      if (name === "installation") return { id: name, state: { ids: ["minted-id"] } };
      const minted = (names: string[]) => Object.fromEntries(names.map((key) => [key, `minted-${key}`]));
      /** Whatever has a generation was replaced once. */
      const replaced = (key: string) => key in (inputs.generations ?? {});
      const by = <T>(value: (key: string) => T) =>
        Object.fromEntries(inputs.names.map((key: string) => [key, value(key)]));
      const valid = inputs.previousSecrets === "valid" ? inputs.names.filter(replaced) : [];
      const computed =
        type === "pulumi-nodejs:dynamic:Resource"
          ? {
              values: minted(inputs.names),
              previous: Object.fromEntries(valid.map((key: string) => [key, `previous-${key}`])),
              older: by((key) => (replaced(key) ? [`previous-${key}`] : [])),
              replaced: by((key) => (replaced(key) ? 1 : 0)),
              jwks: "minted-jwks",
              machines: minted(inputs.names),
              authorities: "minted-authorities",
            }
          : { exitCode };
      return { id: name, state: { ...inputs, ...computed } };
    },
    call: () => ({}),
  });
  const noted = noteTimeLimits();
  const settings = settingsFrom(raw(config), () => "stack.yaml:3");
  new Airflow("airflow", await platformOf(settings, "airflow-unit", look?.(declared)), settings);
  await pulumi.runtime.disconnect();
  return declared.map((each) => ({ ...each, timeLimits: noted.get(`${each.type} ${each.name}`) }));
}

/** The containers by name, without the stack's prefix. */
export function containersOf(declared: readonly Declared[]): Map<string, Record<string, unknown>> {
  const found = declared.filter(({ type }) => type === "docker:index/container:Container");
  return new Map(found.map(({ name, inputs }) => [name, inputs]));
}

/** How a client of Postgres notices that it vanished. */
const patience =
  "connect_timeout=10&keepalives_idle=5&keepalives_interval=3&keepalives_count=3&tcp_user_timeout=12000";

/** The URL of a database, as a client is told it. */
export function patient(url: string): string {
  return url.includes("?") ? url.replace("?", `?${patience}&`) : `${url}?${patience}`;
}
