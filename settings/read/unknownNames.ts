import { shownText } from "../model/urls/mask.ts";
import { hint, nearest, settingOf, unknownWord } from "../rules/nearest.ts";
import type { Path } from "../schema/path.ts";
import { stackShape } from "../schema/shape.ts";

/** Keys beside `config` that the CLI has in a stack file. */
export const besideConfig = ["environment", "secretsprovider", "encryptedkey", "encryptionsalt"] as const;

/** Prefix of the project's keys. */
export const prefix = "airflow:";

/** Keys with another prefix that the CLI reads in every stack. */
export const followed = ["pulumi:disable-default-providers", "pulumi:tags"];

/** Replacements for keys of providers, which have no effect, since they reach only default providers. */
const instead: Readonly<Record<string, string>> = {
  "docker:host": "airflow:machines with docker: ADDRESS, or DOCKER_HOST in the environment",
  "docker:context": "DOCKER_CONTEXT in the environment, or docker context use NAME",
  "docker:certPath": "airflow:machines with certificates: DIRECTORY, or DOCKER_CERT_PATH in the environment",
  "docker:registryAuth": "a login of the Docker client: docker login",
  "kubernetes:context": "airflow:kubernetes: { context: NAME }",
  "kubernetes:namespace": "airflow:kubernetes: { namespace: NAME }",
  "kubernetes:kubeconfig": "KUBECONFIG in the environment",
};

/** Explains what is wrong with a key that does not begin with the project's prefix, and what to use instead. */
function misplaced(full: string): string {
  const keys = Object.keys(stackShape().properties ?? {});
  const [project = "", ...rest] = full.split(":");
  const key = rest.join(":");
  if (rest.length === 0) {
    if (full === prefix.slice(0, -1))
      return `holds values itself; expected ${prefix}KEY: VALUE on lines of their own`;
    return `is without the project's prefix; expected ${prefix}${settingOf(full) ?? nearest(full, keys) ?? "KEY"}`;
  }
  const provided = instead[full] ?? instead[nearest(full, Object.keys(instead)) ?? ""];
  if (["docker", "kubernetes"].includes(project.toLowerCase()) && provided !== undefined)
    return `has no effect; expected ${provided}`;
  if (project === "pulumi")
    return `is not a key of the CLI; expected ${followed.join(", ")}, or ${prefix}KEY`;
  const meant = nearest(key, keys);
  const isNear = keys.includes(key) || nearest(project, [prefix.slice(0, -1)]) !== undefined;
  return `belongs to another project, and nothing reads it; ${hint(isNear && meant ? `${prefix}${meant}` : undefined)}expected ${prefix}KEY`;
}

/** Explains what is wrong with a name beside `config`. */
function outside(name: string, known: readonly string[]): string {
  return name.startsWith(prefix)
    ? "is beside config; expected it below config:, two spaces to the right"
    : unknownWord(name, known);
}

/** Lists the faults of unknown names beside `config`, and of keys in `config` without the project's prefix. */
export function unknownNamesIn(
  content: Readonly<Record<string, unknown>>,
  config: Readonly<Record<string, unknown>>,
): { path: Path; message: string }[] {
  const names = ["config", ...besideConfig];
  const beside = Object.keys(content).filter((name) => !names.includes(name));
  const inside = Object.keys(config).filter((key) => !key.startsWith(prefix) && !followed.includes(key));
  return [
    ...beside.map((name) => ({ path: [name], message: `${shownText(name)} ${outside(name, names)}` })),
    ...inside.map((key) => ({ path: ["config", key], message: `${shownText(key)} ${misplaced(key)}` })),
  ];
}
