/** Pseudo-random numbers, the same for a seed. */
export interface Random {
  /** From 0 to less than 1. */
  next(): number;
  /** From `least` to `most`, log-uniform: as many between 1 and 10 as between 10 and 100. */
  between(least: number, most: number): number;
  pick<T>(from: readonly T[]): T;
  shuffled<T>(all: readonly T[]): T[];
}

/** Generator known as mulberry32. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function random(seed: number): Random {
  const next = mulberry32(seed);
  const pick = <T>(from: readonly T[]): T => {
    const one = from[Math.floor(next() * from.length)];
    if (one === undefined) throw new Error("Nothing can be picked from an empty list.");
    return one;
  };
  return {
    next,
    between: (least, most) => least * (most / least) ** next(),
    pick,
    shuffled: (all) => {
      const keyed = all.map((one) => ({ one, key: next() }));
      return keyed.sort((a, b) => a.key - b.key).map(({ one }) => one);
    },
  };
}
