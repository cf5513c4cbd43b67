/** Generator of pseudo-random numbers, which always returns the same ones for a seed. */
export interface Random {
  /** Returns a number from 0 to less than 1. */
  next(): number;
  /** Returns a number from `least` to `most`, log-uniform: as many from 1 to 10 as from 10 to 100. */
  between(least: number, most: number): number;
  /** @throws Error for an empty list */
  pick<T>(from: readonly T[]): T;
  shuffled<T>(all: readonly T[]): T[];
}

/** Implements the generator known as mulberry32. */
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
    if (one === undefined) throw new Error("pick() got an empty list; expected at least one entry.");
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
