import { existsSync, globSync, readFileSync, rmSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { writeWhole } from "../../../platforms/wholeFile.ts";
import { parseStackFile } from "../../../settings/read/stackFile.ts";
import type { Stack } from "../stack.ts";
import { ago, aligned } from "../status/table.ts";

/** A deployment that was proven. */
export interface ProvenDeployment {
  readonly number: number;
  /** Time, in ISO 8601. */
  readonly at: string;
  /** Time of its last proof, if the same was deployed again. */
  readonly again?: string;
  /** Person and machine: `user@host`. */
  readonly who: string;
  /** Version of Airflow. */
  readonly version: string;
  readonly images: Readonly<Record<string, string>>;
  /** Revision of the project, which may have the DAGs; ends with a plus if files differ from the revision. */
  readonly revision?: string;
  /** Text of the stack file; its secrets are encrypted, or references to files. */
  readonly text: string;
}

/** Returns the person and the machine of this command: `user@host`. */
export function whoIsHere(): string {
  return `${userInfo().username}@${hostname()}`;
}

/** Maximum number of deployments that are kept. */
const maxDeployments = 10;

function recordFile(stack: Stack): string {
  return stack.beside("deployments", "json");
}

/** Reads the kept deployments of a stack, the latest first. */
export function readDeployments(stack: Stack): readonly ProvenDeployment[] {
  const file = recordFile(stack);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
}

/** Lists the images of all kept deployments, of all stacks beside a stack's state: `npm run rollback` may go back to any. */
export function keptImages(stack: Stack): string[] {
  const folder = dirname(recordFile(stack));
  return globSync("deployments.*.json", { cwd: folder }).flatMap((file) => {
    const deployments: readonly ProvenDeployment[] = JSON.parse(readFileSync(join(folder, file), "utf8"));
    return deployments.flatMap(({ images }) => Object.values(images));
  });
}

function withoutOrigin({ number, at, again, who, ...content }: ProvenDeployment): unknown {
  return content;
}

/** Puts a deployment before the others; one that is the same as the latest only has its time noted. */
export function withDeployment(
  known: readonly ProvenDeployment[],
  made: Omit<ProvenDeployment, "number">,
): readonly ProvenDeployment[] {
  const [latest] = known;
  const next = { ...made, number: (latest?.number ?? 0) + 1 };
  if (latest && isDeepStrictEqual(withoutOrigin(latest), withoutOrigin(next)))
    return [{ ...latest, again: made.at }, ...known.slice(1)];
  return [next, ...known].slice(0, maxDeployments);
}

/** Adds a deployment to those that are kept of a stack. */
export function noteDeployment(stack: Stack, made: Omit<ProvenDeployment, "number">): void {
  writeWhole(recordFile(stack), JSON.stringify(withDeployment(readDeployments(stack), made)), 0o600);
}

/**
 * Returns the stack file that is deployed, if this machine proved the deployment, and nothing has changed the state since:
 * others may have deployed from another machine, or without a proof.
 * @param changed time of the last change of the state, in ISO 8601
 */
export function deployedText(
  [latest]: readonly ProvenDeployment[],
  version: string,
  changed: string | undefined,
): string | undefined {
  if (latest?.version !== version || changed === undefined) return undefined;
  return Date.parse(changed) <= Date.parse(latest.again ?? latest.at) ? latest.text : undefined;
}

/** Forgets the deployments of a stack that is removed with its data. */
export function forgetDeployments(stack: Stack): void {
  rmSync(recordFile(stack), { force: true });
}

function differing(
  one: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>,
): readonly string[] {
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return keys.filter((key) => !isDeepStrictEqual(one[key], other[key])).sort();
}

/** Lists what a deployment changed: keys of the stack file, images, and the project's revision. */
export function changes(made: ProvenDeployment, before: ProvenDeployment | undefined): readonly string[] {
  if (!before) return ["the oldest that is kept"];
  const values = ({ text }: ProvenDeployment) => parseStackFile(text, "").values;
  return [
    ...differing(values(made), values(before)),
    ...(made.text !== before.text && differing(values(made), values(before)).length === 0
      ? ["secrets or comments"]
      : []),
    ...differing(made.images, before.images).map((name) => `image of ${name}`),
    ...(made.revision !== before.revision ? [`project ${made.revision ?? "without a revision"}`] : []),
  ];
}

/** Renders the table of deployments, the latest first. */
export function deploymentTable(known: readonly ProvenDeployment[], now: Date): string {
  if (known.length === 0) return "No deployment is recorded yet; npm run up records each that it has proven.";
  const rows = known.map((made, at) => [
    String(made.number),
    ago(new Date(made.at), now),
    made.who,
    made.version,
    changes(made, known[at + 1]).join(", "),
  ]);
  return aligned([["number", "when", "who", "airflow", "changed"], ...rows]);
}

/**
 * Picks the deployment to go back to.
 * @param number number of the deployment; default: the latest that differs from the present one
 * @param present text of the stack file
 * @throws Error if there is none
 */
export function picked(
  known: readonly ProvenDeployment[],
  number: string | undefined,
  present: Pick<ProvenDeployment, "text" | "images">,
): ProvenDeployment {
  const isOther = ({ text, images }: ProvenDeployment) =>
    !isDeepStrictEqual({ text, images }, { text: present.text, images: present.images });
  const found =
    number === undefined ? known.find(isOther) : known.find((made) => String(made.number) === number);
  if (found) return found;
  const numbers = known.map((made) => made.number).join(", ") || "none yet";
  throw new Error(
    number === undefined
      ? `No recorded deployment differs from the present one; expected another one than ${numbers}.`
      : `There is no deployment ${number}; expected one that npm run rollback -- --list lists: ${numbers}.`,
  );
}
