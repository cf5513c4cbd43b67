import { resolve } from "node:path";

let project = resolve(import.meta.dirname, "../../..");

/** Resolves a path of the stack, which is relative to the folder of Pulumi.yaml. */
export function fromProject(path: string): string {
  return resolve(project, path);
}

/** Makes paths relative to the folder of another program, which uses this one as a package. */
export function setProject(folder: string): void {
  project = resolve(folder);
}
