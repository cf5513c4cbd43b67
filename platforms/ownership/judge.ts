import { clientCommand } from "../machines.ts";
import type { ClaimKind, Found } from "./claims.ts";
import { type KnownOwnership, keyOf } from "./known.ts";

/** Kinds of resources that hold data, and may be taken over. */
const data: readonly ClaimKind[] = ["volume", "namespace", "claim"];

/** True for the stack's own resources. A namespace without a label may be older than the stack, with Secrets for it. */
function isOwn(found: Found, { ids, names }: KnownOwnership): boolean {
  if (found.installation !== "") return ids.includes(found.installation);
  return found.kind === "namespace" || names.has(keyOf(found));
}

/** Selects resources of other installations: with another label, or with none and not in the state. */
export function strangers(found: readonly Found[], known: KnownOwnership): readonly Found[] {
  return found.filter((one) => !isOwn(one, known));
}

export function holdsData({ kind }: Found): boolean {
  return data.includes(kind);
}

/** Describes a resource: `volume airflow-dev-logs on machine big, of installation 0123456789abcdef`. */
export function describeClaim({ kind, name, machine, installation }: Found): string {
  const place = machine === undefined ? "" : ` on machine ${machine.name}`;
  const maker = installation === "" ? "without an installation's label" : `of installation ${installation}`;
  return `${kind === "claim" ? "PersistentVolumeClaim" : kind} ${name}${place}, ${maker}`;
}

/**
 * Looks for resources, and notes whether every engine, or the cluster, has answered.
 * @param find looks, and calls its argument where nothing answers
 */
export async function wholly(
  find: (onAbsence: () => void) => Promise<readonly Found[]>,
): Promise<{ readonly found: readonly Found[]; readonly isWhole: boolean }> {
  let isWhole = true;
  const found = await find(() => {
    isWhole = false;
  });
  return { found, isWhole };
}

/**
 * Lists the volumes of a state if none of them is there: the command is on its way to another engine or cluster, whose
 * objects it would take for its own, or the data is lost.
 * @param adopts true if volumes of another installation are taken over
 */
export function missingData(
  found: readonly Found[],
  known: KnownOwnership,
  adopts: boolean,
): readonly string[] {
  const isThere = (one: Found) => known.volumes.has(keyOf(one)) && (adopts || isOwn(one, known));
  return found.some(isThere) ? [] : [...known.volumes].sort();
}

/**
 * Lists the volumes of a state with the database if none of them is there, though other volumes may be: an engine makes a volume
 * that a container names, so that Airflow would begin with an empty database.
 */
export function missingDatabase(found: readonly Found[], { databases }: KnownOwnership): readonly string[] {
  return found.some((one) => databases.has(keyOf(one))) ? [] : [...databases].sort();
}

/** Explains why nothing is done for a stack whose data is somewhere else, and lists the ways to go on. */
export function absence(missing: readonly string[], stack: string): string {
  const listed = missing.map((key) => key.replace(/^claim/, "PersistentVolumeClaim")).join(", ");
  const refresh = `npm run pulumi -- refresh --yes --stack ${stack} (pulumi refresh)`;
  return (
    `the data of stack ${stack} is not here: its state has ${listed}, and there is none of these; nothing was touched\n` +
    "To go on, do one of these:\n" +
    "  - go back to the engine or cluster that has the data: docker context use, DOCKER_HOST, kubectl config use-context, and the keys " +
    "platform, machines and kubernetes of the stack file\n" +
    "  - if a machine was replaced by another one: npm run forget -- MACHINE\n" +
    `  - if the data is lost: ${refresh}, which forgets it; then npm run restore -- --from ID.tar.age --stack ${stack} brings a ` +
    "backup back, npm run up begins with an empty database, and npm run down removes the rest"
  );
}

/** Lists commands that remove containers and networks; containers first, since they use networks. */
function removals(found: readonly Found[]): string[] {
  const command = ({ kind, machine }: Found) =>
    `${clientCommand(machine)} ${kind} rm${kind === "container" ? " --force" : ""}`;
  const commands = [...new Set(found.map(command))].sort();
  return commands.map((one) => {
    const names = found.filter((other) => command(other) === one).map(({ name }) => name);
    return [one, ...names].join(" ");
  });
}

/** Explains why nothing was deployed, and lists the ways to go on. */
export function refusal(strange: readonly Found[], stack: string): string {
  const removable = strange.filter((one) => !holdsData(one));
  const removing =
    removable.length === 0 ? [] : [`remove the resources in the way: ${removals(removable).join("; ")}`];
  const adopting = !strange.some(holdsData)
    ? []
    : [
        `take the data over: npm run up -- --stack ${stack} --adopt, or AIRFLOW_ADOPT=true pulumi up; it keeps its ` +
          "passwords and keys, so airflow:secrets has to give them",
      ];
  const fromBackup =
    `bring its secrets back from a backup: npm run restore -- --from ID.tar.age --key FILE --secrets --stack ${stack}, then ` +
    "--adopt; docs/backup.md says how to get the file";
  const remedies = [
    "bring its state back: the .state folder or the backend that it was deployed with, which has the passwords of its data",
    ...(strange.some(holdsData) ? [fromBackup] : []),
    "choose another stack name",
    ...removing,
    ...adopting,
  ];
  return (
    `${strange.length} name(s) of stack ${stack} are taken by resources that this installation did not make; nothing was touched:\n` +
    `${strange
      .map((one) => `  ${describeClaim(one)}`)
      .sort()
      .join("\n")}\n` +
    `To go on, do one of these:\n${remedies.map((remedy) => `  - ${remedy}`).join("\n")}`
  );
}
