import { readFileSync } from "node:fs";
import tls from "node:tls";
import { roles } from "../../roles.ts";
import { namesServers } from "../../settings/model/airflowOptions.ts";
import { certificatesIn } from "../../settings/model/certificates.ts";
import type { Settings } from "../../settings/model/groups.ts";
import { codeFiles } from "../../settings/model/names/ownCode.ts";
import {
  authoritiesFile,
  authorityVariables,
  localSettingsFile,
  usersLocalSettingsFile,
} from "../../settings/model/names/ownNames.ts";
import type { Job, Labels, Limits, Platform, PodExtras, Values, Volume } from "../../workload.ts";
import { readSecret } from "../readSecret.ts";
import { loginOf } from "./login/login.ts";
import { type OutboundProxy, proxyVariables } from "./proxy.ts";
import { repositoryAccess } from "./repository.ts";
import { tracers, tracingOf } from "./tracing.ts";

/** Additions of a stack to one role. */
export interface Extras {
  readonly env: Values;
  readonly secrets: Values;
  readonly files: Values;
  readonly volumes: Readonly<Record<string, Volume>>;
  readonly labels: Labels;
  readonly pod?: PodExtras;
  readonly hosts: Readonly<Record<string, string>>;
  readonly limits: Partial<Limits>;
  /** MiB. */
  readonly sharedMemory?: number;
  /** Proxy to addresses outside the stack. */
  readonly proxy?: OutboundProxy;
  /** True if the role connects to the outside because of its extras. */
  readonly outbound?: true;
}

/** Takers of extras: the roles, and `all` for a job that runs Airflow's image and belongs to no role. */
const takers = ["all", ...roles] as const;
type Taker = (typeof takers)[number];

export type ExtrasByRole = Readonly<Record<Taker, Extras>>;

export interface ExtrasArgs {
  readonly platform: Platform;
  readonly settings: Pick<
    Settings,
    | "roles"
    | "extraHosts"
    | "caCertificates"
    | "dags"
    | "plugins"
    | "config"
    | "tracing"
    | "dagsGit"
    | "dagBundles"
    | "login"
    | "settings"
  >;
  /** Volume for files that tasks exchange. */
  readonly data: Volume;
  readonly proxy?: OutboundProxy | undefined;
}

/** Directory of the image that belongs to user 50000 and group 0, as the volumes of roles shall. */
const ownedDirectory = "/opt/airflow/logs";

/** Joins Mozilla's authorities, which are built into Node.js, with those in files, in PEM. */
function authorities(files: readonly string[]): string {
  const added = files.flatMap((file) => certificatesIn(readFileSync(file, "utf8")).map(String));
  return [...tls.rootCertificates, ...added].map((pem) => `${pem.trim()}\n`).join("");
}

function trust(files: readonly string[]): Pick<Extras, "env" | "files"> {
  if (files.length === 0) return { env: {}, files: {} };
  return {
    env: Object.fromEntries(authorityVariables.map((name) => [name, authoritiesFile])),
    files: { [authoritiesFile]: authorities(files) },
  };
}

/** Converts each value of an object. */
export function mapValues<T, R>(
  values: Readonly<Record<string, T>>,
  convert: (value: T, name: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, convert(value, name)]));
}

function readText(path: string): string {
  return readFileSync(path, "utf8");
}

/** Moves the user's local settings to the path from which the stack's own local settings import them. */
function besideOwn(files: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(files);
  return Object.fromEntries(
    entries.map(([path, file]) => [path === localSettingsFile ? usersLocalSettingsFile : path, file]),
  );
}

/** Merges the extras of each role, which win over those of `all`. */
export function extrasOf({ platform, settings, data, proxy }: ExtrasArgs): ExtrasByRole {
  const { roles: stated, extraHosts, caCertificates } = settings;
  const trusted = trust(caCertificates);
  const code = Object.fromEntries(codeFiles(settings).map(({ path, source }) => [path, readText(source)]));
  const volumes = new Map<string, Volume>([["data", data]]);
  const volumeCalled = (name: string): Volume => {
    if (name.startsWith("/")) return { kind: "host", path: name };
    const known = volumes.get(name) ?? platform.volume(name, "shared");
    volumes.set(name, known);
    return known.kind === "data" ? { ...known, like: ownedDirectory } : known;
  };
  const all = stated.all;
  const extras = (role: Taker): Extras => {
    const { [role]: own } = stated;
    const { memory, cpu } = own ?? {};
    const pod = (all?.pod ?? own?.pod) && { ...all?.pod, ...own?.pod };
    const sharedMemory = own?.sharedMemory ?? all?.sharedMemory;
    const traced = tracingOf(role, settings, platform);
    const repository = repositoryAccess(role, settings, platform);
    const login = loginOf(role, settings, platform);
    const asks = tracers.some((one) => one === role) && namesServers(settings);
    return {
      env: { ...trusted.env, ...traced.env, ...repository.env, ...login.env, ...all?.env, ...own?.env },
      secrets: {
        ...traced.secrets,
        ...repository.secrets,
        ...login.secrets,
        ...mapValues({ ...all?.secretFiles, ...own?.secretFiles }, (source) => readSecret(source, platform)),
      },
      files: {
        ...trusted.files,
        ...repository.files,
        ...login.files,
        ...code,
        ...mapValues(besideOwn({ ...all?.files, ...own?.files }), readText),
      },
      volumes: mapValues({ ...all?.volumes, ...own?.volumes }, volumeCalled),
      labels: { ...all?.labels, ...own?.labels },
      hosts: extraHosts,
      limits: { ...(memory !== undefined && { memory }), ...(cpu !== undefined && { cpu }) },
      ...(pod && { pod }),
      ...(sharedMemory !== undefined && { sharedMemory }),
      ...(proxy && { proxy }),
      ...((traced.outbound || login.outbound || asks) && { outbound: true }),
    };
  };
  return Object.fromEntries(takers.map((role) => [role, extras(role)])) as Record<Taker, Extras>;
}

/** Finds an added name that the stack uses itself; the rules reject such a name first, with file and line. */
function clash(own: object | undefined, added: object): string | undefined {
  return Object.keys(added).find((name) => Object.hasOwn(own ?? {}, name));
}

/**
 * Adds the extras of a role, or of all roles, to a workload. Each workload with Airflow's image needs them:
 * with a logging class among the settings, no program of Airflow starts without the file of that class.
 * @throws Error if an extra would replace a variable, secret, file or volume of the stack itself
 */
export function withExtras<T extends Job>(
  role: Taker,
  { extras }: { readonly extras: ExtrasByRole },
  job: T,
): T {
  const { env, secrets, files, volumes, labels, pod, hosts, limits, proxy, sharedMemory } = extras[role];
  const outbound = job.outbound || extras[role].outbound;
  const taken =
    clash(job.env, env) ??
    clash(job.secrets, secrets) ??
    clash(job.files, files) ??
    clash(job.volumes, volumes);
  if (taken) throw new Error(`roles.${role} has ${taken}, a name of the stack itself; expected another.`);
  return {
    ...job,
    env: { ...job.env, ...(outbound && proxy && proxyVariables(proxy, job.reaches)), ...env },
    secrets: { ...job.secrets, ...secrets },
    files: { ...job.files, ...files },
    volumes: { ...job.volumes, ...volumes },
    labels,
    ...(pod && { pod }),
    hosts,
    ...(outbound && { outbound }),
    limits: { ...job.limits, ...limits },
    ...(sharedMemory !== undefined && { sharedMemory }),
  };
}
