import { readFileSync, statSync } from "node:fs";
import { capabilities } from "../../../capabilities.ts";
import { airflowOptions } from "../../model/airflowOptions.ts";
import { isSensitive } from "../../model/known.ts";
import { codeFiles } from "../../model/names/ownCode.ts";
import {
  bytesOf,
  largeFile,
  mostOfAnnotations,
  mostOfEnvironment,
  mostOfVariable,
  ownShare,
  sumOf,
} from "../../model/sizes.ts";
import { textOf } from "../../model/sources.ts";
import { isPlace, type SecretSource } from "../../schema/secret.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { entryFaults } from "./entries.ts";

/** Merges one kind of extras of `all` and of a role; the role's entries win. */
function withThoseOfAll<T>(
  roles: Readonly<Record<string, Readonly<Record<string, T>> | undefined>>,
  role: string,
): Readonly<Record<string, T>> {
  return { ...roles.all, ...roles[role] };
}

/** Picks one kind of extras, by role. */
function byRole<K extends string, T>(
  key: K,
  roles: Readonly<Record<string, { readonly [key in K]: Readonly<Record<string, T>> } | undefined>>,
): Record<string, Readonly<Record<string, T>>> {
  return Object.fromEntries(Object.entries(roles).map(([role, extras]) => [role, extras?.[key] ?? {}]));
}

function lineSize(name: string, value: string): number {
  return bytesOf(`${name}=${value}`) + 1;
}

/** Explains why Linux does not pass a variable on; undefined if it does. */
function variableProblem(name: string, value: string, fix: string): string | undefined {
  const size = lineSize(name, value);
  return size <= mostOfVariable
    ? undefined
    : `as the variable ${name} it has ${size} bytes, and Linux allows at most ${mostOfVariable} for one: expected ${fix}`;
}

const variable = rule(["roles.*.env.*"], ({ roles }) =>
  entryFaults(roles, "env", (name, value, { role }) =>
    variableProblem(name, value, `a shorter value, or a file of roles.${role}.files and its path`),
  ),
);

/** Lists the settings that reach Airflow as variables; secret ones reach it as files. */
function plainSettings(parsed: Parameters<typeof airflowOptions>[0] & { readonly version: string }) {
  return [...airflowOptions(parsed)].flatMap(([name, { path, value }]) => {
    const [section = "", ...key] = name.split(".");
    const variable = `AIRFLOW__${section}__${key.join(".")}`.toUpperCase();
    return isSensitive(parsed.version, section, key.join(".")) ? [] : [{ path, variable, value }];
  });
}

const setting = rule(["version", "settings.*.*"], (parsed) =>
  plainSettings(parsed).flatMap(({ path, variable, value }) =>
    faultAt(path, variableProblem(variable, value, "a shorter value")),
  ),
);

const environment = rule(["version", "settings.*.*", "roles.*.env.*"], (parsed) => {
  const settings = sumOf(plainSettings(parsed).map(({ variable, value }) => lineSize(variable, value)));
  const envs = byRole("env", parsed.roles);
  return Object.keys({ all: {}, ...envs }).flatMap((role): Fault[] => {
    const bytes = sumOf(
      Object.entries(withThoseOfAll(envs, role)).map(([name, value]) => lineSize(name, value)),
    );
    const most = mostOfEnvironment - ownShare;
    if (settings + bytes <= most) return [];
    const message = `settings and variables of the role have ${settings + bytes} bytes together: expected at most ${most}; longer texts belong in roles.${role}.files`;
    return [{ path: bytes > settings ? ["roles", role, "env"] : ["settings"], message }];
  });
});

const files = rule(["platform", "dags", "plugins", "config", "roles.*.files.*"], (parsed) => {
  const most = capabilities[parsed.platform].mostBytes - ownShare;
  const sizeOf = (source: string): number => {
    const text = readFileSync(source, "utf8");
    return text.length > largeFile ? 0 : bytesOf(text);
  };
  const code = sumOf(codeFiles(parsed).map(({ source }) => sizeOf(source)));
  const given = byRole("files", parsed.roles);
  return Object.keys(given).flatMap((role): Fault[] => {
    const size = code + sumOf(Object.values(withThoseOfAll(given, role)).map(sizeOf));
    const message = `with plugins and config the files of the role have ${size} bytes, and a cluster keeps them in one ConfigMap: expected at most ${most}; more belongs in the image, see images.airflow`;
    return size > most ? [{ path: ["roles", role, "files"], message }] : [];
  });
});

function secretSize(source: SecretSource): number {
  return bytesOf(textOf(source) ?? "");
}

const secrets = rule(["platform", "roles.*.secretFiles.*"], ({ platform, roles }) => {
  const most = capabilities[platform].mostBytes - ownShare;
  const given = byRole("secretFiles", roles);
  return Object.keys(given).flatMap((role): Fault[] => {
    const size = sumOf(Object.values(withThoseOfAll(given, role)).map(secretSize));
    const message = `the secrets of the role have ${size} bytes, and a cluster keeps them in one Secret: expected at most ${most}; more belongs in a volume`;
    return size > most ? [{ path: ["roles", role, "secretFiles"], message }] : [];
  });
});

/** Maximum bytes of the public authorities, to which the stack's are added. */
const publicAuthorities = 262_144;

const authorities = rule(["platform", "caCertificates", "postgres.ca", "redis.ca"], (parsed) => {
  const { caCertificates, postgres, redis } = parsed;
  const most = capabilities[parsed.platform].mostBytes;
  const bundles = [
    { path: ["caCertificates"], files: caCertificates, most: most - publicAuthorities },
    { path: ["postgres", "ca"], files: postgres.ca === undefined ? [] : [postgres.ca], most },
    { path: ["redis", "ca"], files: redis.ca === undefined ? [] : [redis.ca], most },
  ];
  return bundles.flatMap(({ path, files, most }): Fault[] => {
    const size = sumOf(files.map((file) => statSync(file).size));
    const message = `its certificates have ${size} bytes, and a cluster keeps them in one ConfigMap: expected at most ${most}: only the authorities that are needed`;
    return size > most ? [{ path, message }] : [];
  });
});

/** Rejects annotations that are too large for the API server of a cluster. */
const annotations = rule(
  ["kubernetes.serviceAccount.annotations", "kubernetes.ingress.annotations", "roles.*.pod"],
  ({ kubernetes: { serviceAccount, ingress } = {}, roles }) => {
    const all = [
      { path: ["kubernetes", "serviceAccount", "annotations"], given: serviceAccount?.annotations },
      { path: ["kubernetes", "ingress", "annotations"], given: ingress?.annotations },
      ...Object.entries(roles).map(([role, extras]) => ({
        path: ["roles", role, "pod", "annotations"],
        given: extras?.pod?.annotations,
      })),
    ];
    return all.flatMap(({ path, given = {} }): Fault[] => {
      const size = sumOf(Object.entries(given).flat().map(bytesOf));
      const message = `they have ${size} bytes, and a cluster takes at most ${mostOfAnnotations} for one object: expected shorter ones`;
      return size > mostOfAnnotations ? [{ path, message }] : [];
    });
  },
);

/** Counts the bytes of a declared value as Airflow gets it; a secret that cannot be read here counts nothing. */
function valueSize(value: unknown): number {
  return isPlace(value) ? secretSize(value) : bytesOf(JSON.stringify(value));
}

function entrySize(kind: string, name: string, entry: unknown): number {
  const values = kind === "variables" ? [entry] : Object.values(Object(entry));
  return bytesOf(name) + sumOf(values.filter((value) => value !== undefined).map(valueSize));
}

/** Rejects declarations that are too large for a cluster's Secret, and reports the largest of them. */
const declared = rule(["platform", "connections.*", "variables.*", "pools.*", "users.*"], (parsed) => {
  const most = capabilities[parsed.platform].mostBytes - ownShare;
  const sizes = (["connections", "variables", "pools", "users"] as const).flatMap((kind) =>
    Object.entries(parsed[kind]).map(([name, value]) => ({
      path: [kind, name],
      size: entrySize(kind, name, value),
    })),
  );
  const size = sumOf(sizes.map((entry) => entry.size));
  const [largest] = sizes.toSorted((one, other) => other.size - one.size);
  const message = `it has ${largest?.size} of the ${size} bytes of all connections, variables, pools and users, which a cluster keeps in one Secret: expected at most ${most} together; more belongs in a file that DAGs read`;
  return largest && size > most ? [{ path: largest.path, message }] : [];
});

export const sizeRules = [variable, setting, environment, files, secrets, authorities, annotations, declared];
