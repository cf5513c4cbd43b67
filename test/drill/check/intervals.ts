/** Period of time, in seconds. */
export interface Interval {
  readonly from: number;
  readonly until: number;
}

/** Merges intervals that touch or overlap; the result is in order. */
export function mergedIntervals(all: readonly Interval[]): readonly Interval[] {
  const sorted = all
    .filter(({ from, until }) => until > from)
    .toSorted((one, other) => one.from - other.from);
  const result: Interval[] = [];
  for (const one of sorted) {
    const last = result.at(-1);
    if (last && one.from <= last.until)
      result[result.length - 1] = { from: last.from, until: Math.max(last.until, one.until) };
    else result.push(one);
  }
  return result;
}

/** Intersects two lists; the result is in order. */
export function commonIntervals(one: readonly Interval[], other: readonly Interval[]): readonly Interval[] {
  const pairs = mergedIntervals(one).flatMap((a) =>
    mergedIntervals(other).map((b) => ({
      from: Math.max(a.from, b.from),
      until: Math.min(a.until, b.until),
    })),
  );
  return mergedIntervals(pairs);
}

/** Sums the seconds that intervals cover, overlaps once. */
export function total(all: readonly Interval[]): number {
  return mergedIntervals(all).reduce((sum, { from, until }) => sum + until - from, 0);
}

/** Sums the seconds of an interval that no other one covers. */
export function outside(one: Interval, others: readonly Interval[]): number {
  return total([one]) - total(commonIntervals([one], others));
}

/** Finds the periods in which at least `count(at)` intervals overlap. */
export function crowded(all: readonly Interval[], count: (at: number) => number): readonly Interval[] {
  const moments = [...new Set(all.flatMap(({ from, until }) => [from, until]))].sort((a, b) => a - b);
  const slices = moments.slice(1).map((until, at) => ({ from: moments[at] ?? until, until }));
  return mergedIntervals(
    slices.filter(({ from, until }) => {
      const middle = (from + until) / 2;
      return all.filter((one) => one.from <= middle && middle < one.until).length >= count(middle);
    }),
  );
}
