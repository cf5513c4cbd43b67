/** Maximum bytes of one variable in Linux (MAX_ARG_STRLEN), with its name, `=` and a NUL byte. */
export const mostOfVariable = 131_072;

/** Maximum bytes of a role's variables, below Linux' 2 MiB for a process and a cluster's 1.5 MiB for an object. */
export const mostOfEnvironment = 1_048_576;

/** Maximum bytes of the names and values of all annotations of an object, set by Kubernetes. */
export const mostOfAnnotations = 262_144;

/** Bytes that the stack reserves for its own variables, files or secrets, within each of these limits; 960,000 are left in a cluster. */
export const ownShare = 88_576;

/** Number of characters above which a cluster gets a file separately from a role's other files. */
export const largeFile = 65_536;

const prefixes = ["", "k", "M", "G", "T", "P"];

/** Converts the size of a cluster's volume to bytes: `10Gi`, or as a cluster may write it, `10G` or `10737418240`. */
export function volumeBytes(size: string): number {
  const [, number, prefix = "", binary] = /^([0-9.]+)([A-Za-z]?)(i?)$/.exec(size) ?? [];
  const power = prefixes.indexOf(prefix === "K" ? "k" : prefix);
  return Number(number) * (binary === "i" ? 1024 : 1000) ** power;
}

/** Counts the bytes of a text in UTF-8. */
export function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

export function sumOf(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0);
}
