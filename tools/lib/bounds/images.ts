import { builtHere } from "../../../images/local.ts";
import { askEngine } from "../../../platforms/ask.ts";
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

/** Removes old images from the machines that they were sent to; an engine keeps images that other stacks use. */
export async function removeOldImages(cargo: readonly Cargo[]): Promise<void> {
  const remote = cargo.filter(({ machine }) => !machine.docker.startsWith("unix:"));
  const clear = async ({ machine, images }: Cargo) => {
    const listing = ["image", "ls", "--filter", `reference=${builtHere}*`];
    const { text } = await askEngine(machine, [...listing, "--format", "{{.Repository}}:{{.Tag}}"]);
    for (const image of superfluous(text.trim().split("\n"), images)) {
      const { complaint } = await askEngine(machine, ["image", "rm", image], 60);
      if (complaint === undefined) print(`  ${machine.name}: removed ${image}, which no deployment needs`);
    }
  };
  await Promise.all(remote.map(clear));
}
