import { builtHere } from "../../../images/local.ts";
import { askEngine } from "../../../platforms/ask.ts";
import type { Machine } from "../../../platforms/machines.ts";
import { print } from "../commandLine/terminal.ts";
import type { Cargo } from "../ship.ts";

/** Number of images of earlier deployments that are kept for a rollback, of each repository. */
const kept = 3;

/**
 * Lists the images that no deployment needs.
 * @param there images built here, the newest first
 * @param needed images of the present deployment
 */
export function superfluous(there: readonly string[], needed: readonly string[]): string[] {
  const earlier = there.filter((image) => image.startsWith(builtHere) && !needed.includes(image));
  const byRepository = Map.groupBy(earlier, (image) => image.replace(/:[^:]*$/, ""));
  return [...byRepository.values()].flatMap((images) => images.slice(kept));
}

/** Days after which an image of the deploying engine is old: other stacks and clones may be about to use younger ones. */
const youngDays = 30;

/** Returns the names in a list of images that were built a number of days ago, or earlier. */
export function imagesOlderThan(days: number, list: string, now = Date.now()): string[] {
  const isOld = (built: string) => now - Date.parse(built) > days * 86_400_000;
  return list
    .trim()
    .split("\n")
    .map((line) => line.split("\t"))
    .flatMap(([name = "", built = ""]) =>
      isOld(built.slice(0, "2026-01-31 12:00:00 +0000".length)) ? [name] : [],
    );
}

async function removeImages(machine: Machine | undefined, needed: readonly string[], days: number) {
  const listing = ["image", "ls", "--filter", `reference=${builtHere}*`];
  const format = "{{.Repository}}:{{.Tag}}\t{{.CreatedAt}}";
  const { text } = await askEngine(machine, [...listing, "--format", format]);
  const old = new Set(imagesOlderThan(days, text));
  for (const image of superfluous(imagesOlderThan(0, text), needed).filter((one) => old.has(one))) {
    const { complaint } = await askEngine(machine, ["image", "rm", image], 60);
    const place = machine ? `${machine.name}: ` : "";
    if (complaint === undefined) print(`  ${place}removed ${image}, which no deployment needs`);
  }
}

/**
 * Removes old images from the machines that they were sent to, and from the deploying engine. An engine keeps images that
 * containers use, also those of other stacks.
 * @param here images that deployments on the deploying engine need, also for a rollback
 */
export async function removeOldImages(cargo: readonly Cargo[], here: readonly string[]): Promise<void> {
  const remote = cargo.filter(({ machine }) => !machine.docker.startsWith("unix:"));
  await Promise.all([
    removeImages(undefined, here, youngDays),
    ...remote.map(({ machine, images }) => removeImages(machine, images, 0)),
  ]);
}
