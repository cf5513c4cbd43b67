import { posix } from "node:path";
import { isOfficial, parseImage, versionOfTag } from "../image.ts";
import { plainAt, type Tree } from "../source.ts";
import type { Disk } from "./context.ts";
import { firstVariable } from "./lookup.ts";
import { puckelHome } from "./puckel.ts";

function textAt(tree: Tree, ...path: string[]): string | undefined {
  const value = plainAt(tree, path);
  return value === undefined || value === null || typeof value === "object" ? undefined : String(value);
}

/** Returns Airflow's home and its folder of DAG files in the containers. */
export function foldersOf(trees: readonly Tree[]): { readonly home: string; readonly dagsFolder: string } {
  const images = trees.map((tree) => textAt(tree, "image") ?? "");
  const targets = trees.flatMap((tree) => [plainAt(tree, ["volumes"])].flat()).map(targetOf);
  const isPuckels =
    images.some((image) => /puckel\/docker-airflow/.test(image)) ||
    targets.some((target) => target === puckelHome || target.startsWith(`${puckelHome}/`));
  const home = posix.normalize(
    firstVariable(trees, "AIRFLOW_HOME") ?? (isPuckels ? puckelHome : "/opt/airflow"),
  );
  const dags = firstVariable(trees, "AIRFLOW__CORE__DAGS_FOLDER") ?? posix.join(home, "dags");
  return { home, dagsFolder: posix.normalize(dags).replace(/(.)\/$/, "$1") };
}

/** Files with the time zone of a machine. */
export const zoneFile = /^\/etc\/(localtime|timezone)$/;

/** Returns a volume's path in the container: of `./dags:/opt/airflow/dags` or `{ target }`; empty if there is none. */
export function targetOf(volume: unknown): string {
  const { target } = Object(volume) as { target?: unknown };
  const path = target === undefined ? (String(volume ?? "").split(":")[1] ?? "") : String(target);
  return path === "" ? "" : posix.normalize(path).replace(/(.)\/$/, "$1");
}

/** Returns the folder that the definition of a named volume binds; undefined if it binds none. */
export function boundFolder(definition: unknown): string | undefined {
  const { driver = "local", external = false, driver_opts: options } = Object(definition);
  const { o = "", device } = Object(options) as { o?: unknown; device?: unknown };
  const isBound = driver === "local" && external === false && /(^|,)r?bind(,|$)/.test(String(o));
  if (!isBound || !device) return undefined;
  return /^[./~]/.test(String(device)) ? String(device) : `./${device}`;
}

/**
 * Returns a volume's name, or its path on the machine: of `./dags:/opt/airflow/dags`, `{ source }`, or a named volume that
 * binds a folder; empty if there is none.
 */
export function volumeSource(volume: unknown, compose: Tree): string {
  const isMap = typeof volume === "object" && volume !== null;
  const source = String((isMap ? Object(volume).source : String(volume ?? "").split(":")[0]) ?? "");
  return boundFolder(plainAt(compose, ["volumes", source])) ?? source;
}

/** Returns the version of the official image that a Dockerfile builds on: `FROM apache/airflow:${VERSION}`. */
function versionIn(dockerfile: string, args: Readonly<Record<string, unknown>>): string | undefined {
  const values = new Map<string, string>();
  for (const [, name = "", value = ""] of dockerfile.matchAll(/^\s*ARG\s+(\w+)(?:=["']?([^"'\s]*))?/gim))
    values.set(name, String(args[name] ?? value));
  for (const [, image = ""] of dockerfile.matchAll(/^\s*FROM\s+(?:--\S+\s+)?(\S+)/gim)) {
    const filled = image.replace(
      /\$\{?(\w+)(?::-([^}]*))?\}?/g,
      (_, name: string, other = "") => values.get(name) || other,
    );
    const parsedImage = parseImage(filled);
    if (isOfficial(parsedImage)) return versionOfTag(parsedImage.tag);
  }
  return undefined;
}

/** Finds the version of Airflow in a service's image: by its tag, its build arguments, or its Dockerfile. */
export function builtVersion(tree: Tree, { look, read }: Disk): string | undefined {
  const image = parseImage(textAt(tree, "image") ?? "");
  if (isOfficial(image)) return versionOfTag(image.tag);
  const build = plainAt(tree, ["build"]);
  if (build === undefined || build === null) return undefined;
  const buildSettings = (typeof build === "string" ? { context: build } : build) as Record<string, unknown>;
  const args = Object(buildSettings.args) as Record<string, unknown>;
  const versionArgument = Object.entries(args).find(([name]) =>
    /^AIRFLOW_(IMAGE_)?(VERSION|TAG)$/i.test(name),
  )?.[1];
  if (versionArgument) return versionOfTag(String(versionArgument));
  const imageArgument = Object.entries(args).find(([, value]) => isOfficial(parseImage(String(value))))?.[1];
  if (imageArgument) return versionOfTag(parseImage(String(imageArgument)).tag);
  if (typeof buildSettings.dockerfile_inline === "string")
    return versionIn(buildSettings.dockerfile_inline, args);
  const path = posix.join(
    String(buildSettings.context ?? "."),
    String(buildSettings.dockerfile ?? "Dockerfile"),
  );
  const text = look(path).kind === "file" ? read(path) : undefined;
  return text === undefined ? undefined : versionIn(text, args);
}
