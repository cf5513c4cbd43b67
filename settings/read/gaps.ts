/** Lists with gaps: an item was removed, and the others keep their indices. */

/** Returns the value without gaps. */
export function withoutGaps(value: unknown): unknown {
  if (Array.isArray(value)) return Object.values(value).map(withoutGaps);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutGaps(inner)]));
}

/** Converts a path in a value without gaps to the indices that items have with gaps. */
export function beforeGaps(value: unknown, path: readonly PropertyKey[]): PropertyKey[] {
  let holder = value;
  return path.map((part) => {
    const before = Array.isArray(holder) ? Number(Object.keys(holder)[Number(part)] ?? part) : part;
    holder = Reflect.get(Object(holder), before);
    return before;
  });
}

/** Puts the gaps of `value` back into `made`, which was derived from `value` without gaps. */
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
