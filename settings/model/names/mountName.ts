/** Returns the name of the pod's volume that is mounted at a path. */
export function mountName(path: string): string {
  return path
    .slice(1)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-");
}
