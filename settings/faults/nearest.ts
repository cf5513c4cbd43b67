import { distance } from "fastest-levenshtein";

/** The known word that an unknown one is most likely meant to be; none, if it is like none of them. */
export function nearest(unknown: string, known: readonly string[]): string | undefined {
  const far = (word: string) => distance(unknown.toLowerCase(), word.toLowerCase());
  const [best] = known.toSorted((one, other) => far(one) - far(other));
  return best !== undefined && far(best) <= Math.max(2, Math.floor(unknown.length * 0.4)) ? best : undefined;
}
