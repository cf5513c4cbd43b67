import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { capabilities } from "../capabilities.ts";
import { Airflow } from "../components/airflow.ts";
import { platformOf } from "../platforms/platform.ts";
import type { Settings } from "../settings/model/groups.ts";
import { textOf } from "../settings/model/sources.ts";
import { readStackFile } from "../settings/read/read.ts";
import { type Path, spell } from "../settings/schema/path.ts";
import { encrypted, isPlace, type SecretSource } from "../settings/schema/secret.ts";
import { isSecretAt, stackShape, takesTextAt } from "../settings/schema/shape.ts";
import { commandLine } from "./lib/commandLine/commandLine.ts";
import { printPlain } from "./lib/commandLine/terminal.ts";
import { userPath } from "./lib/commandLine/userPath.ts";
import { main } from "./lib/process.ts";
import { prefixOf, stackFile } from "./lib/stack.ts";
import { unmarked } from "./lib/unmarked.ts";

interface Metadata {
  readonly name?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An object in the form that `kubectl apply` takes. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly [field: string]: unknown;
}

/** Values by Secret and key; a value that the user must choose is `{in braces}`. */
type Secrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Objects that a deployment would send to the cluster, and Secrets that it would create or expect there. */
export interface Rendered {
  readonly manifests: readonly Manifest[];
  readonly secrets: Secrets;
}

/** Names an object by its content where a cluster would pick a random name: renderings differ only where stacks do. */
function nameByContent(name: string, manifest: Manifest): Manifest {
  if (manifest.metadata.name !== undefined) return manifest;
  const hash = createHash("sha256").update(JSON.stringify(manifest)).digest("hex").slice(0, 10);
  const unique = manifest.kind === "Secret" ? name : `${name}-${hash}`;
  return { ...manifest, metadata: { ...manifest.metadata, name: unique } };
}

/** Removes annotations that only Pulumi reads. */
function withoutPulumiAnnotations({ metadata, ...rest }: Manifest): Manifest {
  const { annotations = {}, ...others } = metadata;
  const kept = Object.entries(annotations).filter(([key]) => !key.startsWith("pulumi.com/"));
  return {
    ...rest,
    metadata: { ...others, ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }) },
  } as Manifest;
}

/** Lists the Secrets that a stack expects in its cluster. */
function expectedSecrets({ kubernetes }: Settings): Secrets {
  const { pullSecrets = [], ingress } = kubernetes ?? {};
  const logins = pullSecrets.map((name) => [name, { ".dockerconfigjson": "{login to the registry}" }]);
  const tls = ingress?.tlsSecret;
  const certificate = { "tls.crt": "{certificate}", "tls.key": "{its key}" };
  return { ...Object.fromEntries(logins), ...(tls !== undefined && { [tls]: certificate }) };
}

/**
 * Renders the URL of an external service with its secret parts in braces; the other parts are real, or those of `usual` if
 * the source cannot be read.
 */
function placeholder(source: SecretSource, usual: string, what: string): string {
  const { protocol, port, pathname, search } = new URL(textOf(source) ?? usual);
  const database = what === "broker" ? pathname : `/{${what}Database}`;
  const place = `{${what}Host}${port && `:${port}`}`;
  return `${protocol}//{${what}User}:{${what}Password}@${place}${database}${search}`;
}

/** True if a value of a stack is secret, or names the place of a secret. */
function isSecret(value: unknown, path: Path): boolean {
  if (value === encrypted) return true;
  const shape = stackShape();
  const isText = typeof value === "string" && !takesTextAt(shape, path);
  return (isText || isPlace(value)) && isSecretAt(shape, path);
}

/** Replaces secrets with `{path of the secret}`, so that none is read. */
function masked<T>(value: T, path: Path): T;
function masked(value: unknown, path: Path): unknown {
  if (isSecret(value, path)) return `{${spell(path)}}`;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((inner, at) => masked(inner, [...path, at]));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, masked(inner, [...path, key])]),
  );
}

/** Replaces all secrets of a stack with placeholders. */
function withPlaceholders(settings: Settings): Settings {
  const { secrets, postgres, redis, ...others } = settings;
  const names = Object.entries(secrets).filter(([, source]) => source !== undefined);
  const server = "postgresql://u:p@h:5432/d";
  return {
    ...masked(others, []),
    // A given secret has the placeholder of a minted one, and the mark, whose form nothing checks.
    secrets: Object.fromEntries(names.map(([name]) => [name, encrypted])),
    postgres: {
      ...postgres,
      ...(postgres.url !== undefined && { url: placeholder(postgres.url, server, "metadata") }),
      ...(postgres.resultsUrl !== undefined && {
        resultsUrl: placeholder(postgres.resultsUrl, server, "results"),
      }),
    },
    redis: {
      ...masked(redis, ["redis"]),
      ...(redis.url !== undefined && { url: placeholder(redis.url, "rediss://u:p@h:6379/0", "broker") }),
    },
  };
}

/** Runs a stack's program without a cluster or a state; minted secrets are never made. */
export async function render(stack: string, file: string): Promise<Rendered> {
  const manifests: Manifest[] = [];
  const secrets: Record<string, Record<string, string>> = {};
  await pulumi.runtime.setMocks(
    {
      newResource({ type, name, inputs, id }) {
        if (type === "pulumi-nodejs:dynamic:Resource") {
          const by = <T>(value: (key: string) => T) =>
            Object.fromEntries((inputs.names as string[]).map((key) => [key, value(key)]));
          const values = by((key) => `{${key}}`);
          const once = { previous: {}, older: by(() => []), replaced: by(() => 0) };
          return { id: name, state: { values, ...once, jwks: "{jwks}" } };
        }
        // A lookup in the cluster instead of a declaration, or not an object of a cluster.
        if (id || !type.startsWith("kubernetes:")) return { id: id ?? name, state: inputs };
        const manifest = nameByContent(name, unmarked(inputs) as Manifest);
        if (manifest.kind === "Secret")
          secrets[manifest.metadata.name ?? name] = manifest.stringData as Record<string, string>;
        else manifests.push(withoutPulumiAnnotations(manifest));
        return { id: name, state: { ...inputs, metadata: manifest.metadata } };
      },
      call: () => ({}),
    },
    "airflow",
    stack,
  );
  const settings = readStackFile(file);
  const platform = await platformOf(settings, prefixOf(stack));
  new Airflow("airflow", platform, withPlaceholders(settings));
  await pulumi.runtime.disconnect();
  return { manifests, secrets: { ...secrets, ...expectedSecrets(settings) } };
}

function write(folder: string, { manifests, secrets }: Rendered): void {
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length > 0)
    throw new Error(`--out is ${folder}, which is not empty; expected a new or empty directory.`);
  for (const manifest of manifests) {
    const name = `${manifest.kind.toLowerCase()}-${manifest.metadata.name}.yaml`;
    writeFileSync(join(folder, name), stringify(manifest, { aliasDuplicateObjects: false, lineWidth: 0 }));
  }
  printPlain(`${manifests.length} objects are in ${folder}. Before you apply them, make these Secrets.`);
  printPlain("Replace each text in {braces} by a value of your own, the same in every place.\n");
  printPlain(stringify(secrets, { lineWidth: 0 }));
}

if (import.meta.main) {
  await main(async () => {
    const { stack, out } = commandLine("render").flags;
    if (stack === undefined || out === undefined) {
      const missing = stack === undefined ? "--stack NAME" : "--out DIRECTORY";
      throw new Error(`${missing} is missing; expected npm run render -- --stack NAME --out DIRECTORY`);
    }
    const file = stackFile(stack);
    if (!existsSync(file)) throw new Error(`--stack is ${stack}; expected a stack with a file ${file}.`);
    const { platform } = readStackFile(file, true);
    if (!capabilities[platform].manifests) {
      throw new Error(
        `${file}: platform is ${platform}; expected a platform with manifests, such as kubernetes.`,
      );
    }
    write(userPath(out), await render(stack, file));
  });
}
