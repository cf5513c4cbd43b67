/** Bytes that Linux gives a process at most for one variable, with its name, `=` and an end. */
export const mostOfVariable = 131_072;

/**
 * Bytes of all variables of a role. Linux gives a process 2 MiB for variables and arguments, the API server of a
 * cluster 1.5 MiB for an object that has them.
 */
export const mostOfEnvironment = 1_048_576;

/** Bytes of names and texts of all annotations of an object in a cluster. */
export const mostOfAnnotations = 262_144;

/** Bytes that the stack itself needs at most of all that a role, or the declarations, may have. */
export const ownShare = 65_536;

/** Characters above which a file is delivered apart from the other files of a role. */
export const largeFile = 65_536;

/** Bytes of a text in UTF-8. */
export function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

export function sumOf(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0);
}
