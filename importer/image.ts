import { builtVersions } from "../images/local.ts";
import { type ConvertedKey, type Outcome, unsupported } from "./rule.ts";

/** Versions of Airflow that a stack runs without a custom image, newest first. */
export const versions = builtVersions().toReversed();

interface Image {
  readonly repository: string;
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
}

/** Parses `registry:5000/team/airflow:3.3.2@sha256:…`. */
export function parseImage(reference: string): Image {
  const [name = "", digest] = reference.split("@");
  const [, repository = name, tag] = /^(.*?)(?::([^:/]+))?$/.exec(name) ?? [];
  return { repository, tag, digest };
}

export function spellImage({ repository, tag, digest }: Image): string {
  return `${repository}${tag ? `:${tag}` : ""}${digest ? `@${digest}` : ""}`;
}

export function isOfficial({ repository }: Image): boolean {
  return /^(docker\.io\/)?apache\/airflow$/.test(repository);
}

/** Returns a version if the stack runs it, otherwise the newest one of the same major version; undefined if there is none. */
export function supportedVersion(version: string): string | undefined {
  return versions.includes(version)
    ? version
    : versions.find((known) => known.split(".")[0] === version.split(".")[0]);
}

/** Extracts the version of Airflow from a tag. */
export function versionOfTag(tag: string | undefined): string | undefined {
  return /^(?:slim-|v)?(\d+\.\d+\.\d+)/.exec(tag ?? "")?.[1];
}

/** Converts a version of Airflow. */
export function convertVersion(version: string): Outcome {
  const value = supportedVersion(version);
  if (value === undefined)
    return unsupported(`Airflow ${version} is not supported: expected ${versions.join(" and ")}`);
  const note =
    value === version
      ? undefined
      : `${version} is not supported; the migration brings its database to ${value}`;
  return { kind: "taken", targets: [{ path: ["version"], value }], note };
}

/** Reads Airflow's version from an image's tag. Teams number images in their own way, so theirs count only if supported. */
function versionInTag(image: Image): string | undefined {
  const version = versionOfTag(image.tag);
  if (isOfficial(image) || isPuckels(image) || isBitnamis(image) || version === undefined) return version;
  return versions.includes(version) && /airflow/.test(image.repository) ? version : undefined;
}

/** True for Bitnami's images, in which Airflow is elsewhere than in the official ones. */
function isBitnamis({ repository }: Image): boolean {
  return /(^|\/)bitnami\w*\/airflow[\w-]*$/.test(repository);
}

function isPuckels({ repository }: Image): boolean {
  return /(^|\/)puckel\/docker-airflow$/.test(repository);
}

/**
 * Converts an image to a version, and to `images.airflow` unless the image is official.
 * @param built version that is known from another source, such as a Dockerfile
 */
export function convertImage(
  image: Image,
  { keepOfficial = false, built }: { keepOfficial?: boolean; built?: string | undefined } = {},
): Outcome {
  const version = built || versionInTag(image);
  const outcome = version === undefined ? undefined : convertVersion(version);
  if (outcome && outcome.kind !== "taken") return outcome;
  if (isBitnamis(image)) {
    const instead = "Bitnami's image does not run here: build yours on the official one";
    return outcome ? { kind: "taken", targets: outcome.targets, todo: instead } : unsupported(instead);
  }
  const exact = outcome?.note === undefined;
  if (!exact && !isOfficial(image)) {
    return {
      kind: "taken",
      targets: outcome.targets,
      todo: `it has Airflow ${version}: build it on ${versions.join(" or ")}, and name it as images.airflow`,
    };
  }
  const isNamed = exact && image.repository !== "" && (keepOfficial || !isOfficial(image));
  const named: ConvertedKey[] = isNamed ? [{ path: ["images", "airflow"], value: spellImage(image) }] : [];
  const targets = [...(outcome?.targets ?? []), ...named];
  if (targets.length === 0) return unsupported("it names no version of Airflow");
  const todo = outcome
    ? undefined
    : "its tag does not tell Airflow's version: give version, and build it on that one";
  return { kind: "taken", targets, note: outcome?.note, todo };
}
