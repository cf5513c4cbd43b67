/** Lists that items were taken out of, which others keep their numbers in. */

/** The same without holes. */
export function withoutGaps(value: unknown): unknown {
  if (Array.isArray(value)) return Object.values(value).map(withoutGaps);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutGaps(inner)]));
}

/** A path in what has no holes, with the numbers that items had before. */
export function beforeGaps(value: unknown, path: readonly PropertyKey[]): PropertyKey[] {
  let holder = value;
  return path.map((part) => {
    const before = Array.isArray(holder) ? Number(Object.keys(holder)[Number(part)] ?? part) : part;
    holder = Reflect.get(Object(holder), before);
    return before;
  });
}

/** What was made of a value without holes, with the holes of the value. */
export function withGaps<T>(made: T, value: unknown): T {
  if (typeof made !== "object" || made === null) return made;
  if (Array.isArray(made) && Array.isArray(value)) {
    const all = new Array<unknown>(value.length);
    for (const [at, index] of Object.keys(value).entries()) {
      all[Number(index)] = withGaps<unknown>(made[at], value[Number(index)]);
    }
    return all as T;
  }
  for (const [key, inner] of Object.entries(made)) {
    Reflect.set(made, key, withGaps(inner, Reflect.get(Object(value), key)));
  }
  return made;
}
