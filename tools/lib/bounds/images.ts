import { builtHere } from "../../../images/local.ts";
import { askEngine } from "../../../platforms/ask.ts";
import type { Machine } from "../../../platforms/machines.ts";
import { print } from "../commandLine/terminal.ts";
import type { Cargo } from "../ship.ts";

/** Number of images of earlier deployments that are kept for a rollback, of each repository. */
const kept = 3;

/**
 * Lists the images that no deployment needs.
 * @param there images of the project's repositories, the newest first
 * @param needed images of the present deployment
 */
export function superfluous(there: readonly string[], needed: readonly string[]): string[] {
  const earlier = [...new Set(there)].filter((image) => !needed.includes(image));
  const byRepository = Map.groupBy(earlier, (image) => image.replace(/@.*$|:[^:/]*$/, ""));
  return [...byRepository.values()].flatMap((images) => images.slice(kept));
}

/** Days after which an image of the deploying engine is old: other stacks and clones may be about to use younger ones. */
const youngDays = 30;

/** Format of the lists that {@link imagesOlderThan} reads. */
const columns = "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.CreatedAt}}";

/** Returns the names in a list of images that were built a number of days ago, or earlier; pulled by its digest, an image has no tag. */
export function imagesOlderThan(days: number, list: string, now = Date.now()): string[] {
  const isOld = (built: string) => now - Date.parse(built) > days * 86_400_000;
  return list
    .trim()
    .split("\n")
    .map((line) => line.split("\t"))
    .flatMap(([repository, tag, digest, built = ""]) => {
      const name = tag === "<none>" ? `${repository}@${digest}` : `${repository}:${tag}`;
      return isOld(built.slice(0, "2026-01-31 12:00:00 +0000".length)) ? [name] : [];
    });
}

/** Returns the names that an image built here has in registries, by `npm run images -- --push`: each name would keep its data. */
async function pushedNames(machine: Machine | undefined, image: string, needed: readonly string[]) {
  if (!image.startsWith(builtHere)) return [];
  const format = '{{join .RepoTags "\\n"}}';
  const { text } = await askEngine(machine, ["image", "inspect", "--format", format, image]);
  const isNeeded = (name: string) => needed.some((one) => one === name || one.startsWith(`${name}@`));
  const end = image.slice(builtHere.length - 1);
  return text.split("\n").filter((name) => name !== image && name.endsWith(end) && !isNeeded(name));
}

/**
 * Removes old images from an engine.
 * @param dags repository of images with DAGs
 */
async function removeImages(
  machine: Machine | undefined,
  needed: readonly string[],
  days: number,
  dags: string | undefined,
) {
  // An engine leaves out the registry that it asks by default.
  const own = [`${builtHere}*`, ...(dags === undefined ? [] : [dags.replace(/^docker\.io\//, "")])];
  const filters = own.flatMap((name) => ["--filter", `reference=${name}`]);
  const listing = ["image", "ls", "--digests", ...filters, "--format", columns];
  const { text } = await askEngine(machine, listing);
  const old = new Set(imagesOlderThan(days, text));
  for (const image of superfluous(imagesOlderThan(0, text), needed).filter((one) => old.has(one))) {
    const pushed = await pushedNames(machine, image, needed);
    const { complaint } = await askEngine(machine, ["image", "rm", image, ...pushed], 60);
    const place = machine ? `${machine.name}: ` : "";
    if (complaint === undefined) print(`  ${place}removed ${image}, which no deployment needs`);
  }
}

/**
 * Removes old images from the machines that they were sent to, and from the deploying engine. An engine keeps images that
 * containers use, also those of other stacks.
 * @param here images that deployments on the deploying engine need, also for a rollback
 * @param dags repository of images with DAGs, of which each change makes one
 */
export async function removeOldImages(
  cargo: readonly Cargo[],
  here: readonly string[],
  dags: string | undefined,
): Promise<void> {
  const remote = cargo.filter(({ machine }) => !machine.docker.startsWith("unix:"));
  await Promise.all([
    removeImages(undefined, here, youngDays, dags),
    ...remote.map(({ machine, images }) => removeImages(machine, images, 0, dags)),
  ]);
}
