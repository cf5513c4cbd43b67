import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { Airflow, type Past } from "../../components/airflow.ts";
import { sourcesFolder } from "../../platforms/docker/bySource.ts";
import type { FindClaims } from "../../platforms/ownership/claims.ts";
import type { StateResource } from "../../platforms/ownership/known.ts";
import { keepVolumes, platformOf } from "../../platforms/platform.ts";
import { fromProject } from "../../settings/schema/files/base.ts";
import type { ExportedState } from "../../tools/lib/state.ts";
import { unmarked } from "../../tools/lib/unmarked.ts";
import "../../platforms/promiseTraces.ts";
import { type Config, settingsFor } from "./settingsFrom.ts";

export interface Declared {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** URN and id of the resource's provider, joined by `::`. */
  readonly provider?: string | undefined;
  readonly registered: Registered;
}

/** Part of a registration that Pulumi's mocks do not see. */
interface Registered {
  /** URNs. */
  readonly dependencies: readonly string[];
  /** Seconds for each operation, where they differ from the provider's own. */
  readonly timeLimits: Readonly<Record<"create" | "update" | "delete", number>> | undefined;
}

interface Request {
  getName(): string;
  getType(): string;
  getDependenciesList(): string[];
  getCustomtimeouts(): { getCreate(): string; getUpdate(): string; getDelete(): string } | undefined;
}

function registeredIn(request: Request): Registered {
  const limits = request.getCustomtimeouts();
  const dependencies = request.getDependenciesList();
  if (!limits?.getCreate()) return { dependencies, timeLimits: undefined };
  const [create = 0, update = 0, removal = 0] = [
    limits.getCreate(),
    limits.getUpdate(),
    limits.getDelete(),
  ].map((text) => Number.parseInt(text, 10));
  return { dependencies, timeLimits: { create, update, delete: removal } };
}

/** Records registrations from now on, by type and name. */
function noteRegistrations(): ReadonlyMap<string, Registered> {
  const noted = new Map<string, Registered>();
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource(request: Request, ...rest: unknown[]): unknown;
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, ...rest) => {
    noted.set(`${request.getType()} ${request.getName()}`, registeredIn(request));
    return register(request, ...rest);
  };
  return noted;
}

/** Secrets in the cluster: texts by key, by the Secret's name. */
type Found = Readonly<Record<string, Readonly<Record<string, string>>>>;

function encoded(texts: Found[string] = {}): Record<string, string> {
  const entries = Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
  return Object.fromEntries(entries);
}

/** State before a stack is declared, and delays of its providers. */
interface Circumstances {
  /** Receives the resources requested so far. */
  readonly look?: (declared: readonly Declared[]) => FindClaims;
  readonly past?: Past;
  /** Resources of the last deployment. */
  readonly earlier?: readonly StateResource[];
  /** Certificates between machines, by machine; default: texts that are none. */
  readonly certificates?: Readonly<Record<string, string>>;
  /** Resolves once a resource is created. */
  readonly making?: (type: string, name: string) => Promise<void>;
}

/** Declares a stack; returns the resources that it requests from providers, with minted secrets as plain `minted-<name>`. */
export async function declare(
  config: Config = {},
  exitCode = 0,
  found: Found = {},
  { look, past, earlier = [], certificates, making }: Circumstances = {},
): Promise<Declared[]> {
  const declared: Declared[] = [];
  await pulumi.runtime.setMocks({
    async newResource({ type, name, inputs, provider, id }) {
      await making?.(type, name);
      if (id) return { id, state: { ...inputs, data: encoded(found[id.slice(id.indexOf("/") + 1)]) } };
      const registered = noted.get(`${type} ${name}`);
      if (!registered) throw new Error(`${name} is made, but was not registered.`);
      declared.push({ type, name, inputs: unmarked(inputs) as Declared["inputs"], provider, registered });
      if (name === "installation") return { id: name, state: { ids: ["minted-id"] } };
      const minted = (names: string[]) => Object.fromEntries(names.map((key) => [key, `minted-${key}`]));
      /** A secret with a generation was replaced once. */
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
              machines: certificates ?? minted(inputs.names),
              authorities: "minted-authorities",
            }
          : { exitCode };
      return { id: name, state: { ...inputs, ...computed } };
    },
    call: () => ({}),
  });
  const noted = noteRegistrations();
  const settings = settingsFor(config);
  const platform = await platformOf(settings, "airflow-unit", look?.(declared));
  new Airflow("airflow", platform, settings, past);
  keepVolumes(platform, settings, earlier);
  await pulumi.runtime.disconnect();
  return declared;
}

/** Returns a state with these resources alone. */
export function stateOf(declared: readonly Declared[]): ExportedState {
  const resources = declared.map(({ type, name, inputs, provider = "" }) => ({
    urn: `urn:pulumi:unit::airflow::${type}::${name}`,
    type,
    inputs,
    provider,
  }));
  return { deployment: { resources } };
}

/** Adds to uploads the contents of the files that they name. */
function withContents(uploads: unknown): unknown {
  if (!Array.isArray(uploads)) return uploads;
  return uploads.map((upload: { source?: string }) =>
    upload.source?.startsWith(sourcesFolder)
      ? { ...upload, content: readFileSync(fromProject(upload.source), "utf8") }
      : upload,
  );
}

/** Containers by name, without the stack's prefix; contents of files are added to their uploads. */
export function containersOf(declared: readonly Declared[]): Map<string, Record<string, unknown>> {
  const found = declared.filter(({ type }) => type === "docker:index/container:Container");
  return new Map(
    found.map(({ name, inputs }) => [name, { ...inputs, uploads: withContents(inputs.uploads) }]),
  );
}

/** Options with which a Postgres client notices that the server vanished. */
const keepAlive =
  "connect_timeout=10&keepalives_idle=5&keepalives_interval=3&keepalives_count=3&tcp_user_timeout=12000";

/** Adds the options in `keepAlive` to a database URL. */
export function patient(url: string): string {
  return url.includes("?") ? url.replace("?", `?${keepAlive}&`) : `${url}?${keepAlive}`;
}
