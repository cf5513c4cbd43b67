/**
 * Shrinks a failing list for as long as it still fails: delta debugging, after Zeller.
 * @param fails resolves to whether a shorter list still fails
 * @param most maximum number of attempts, each a run of minutes
 */
export async function minimise<T>(
  all: readonly T[],
  fails: (some: readonly T[]) => Promise<boolean>,
  most: number,
): Promise<readonly T[]> {
  let left = most;
  const tries = async (some: readonly T[]) => left-- > 0 && (await fails(some));
  let rest = all;
  for (let parts = 2; rest.length > 1 && left > 0; ) {
    const size = Math.ceil(rest.length / parts);
    const chunks = Array.from({ length: Math.ceil(rest.length / size) }, (_, at) =>
      rest.slice(at * size, (at + 1) * size),
    );
    const without = chunks.map((chunk) => rest.filter((one) => !chunk.includes(one)));
    // With two chunks, each is the complement of the other.
    const candidates = chunks.length > 2 ? [...chunks, ...without] : chunks;
    const smaller = await first(candidates, tries);
    if (smaller) {
      parts = smaller.length < size + 1 ? 2 : Math.max(parts - 1, 2);
      rest = smaller;
    } else if (size === 1) return rest;
    else parts = Math.min(parts * 2, rest.length);
  }
  return rest;
}

async function first<T>(all: readonly T[], holds: (one: T) => Promise<boolean>): Promise<T | undefined> {
  for (const one of all) if (await holds(one)) return one;
  return undefined;
}
