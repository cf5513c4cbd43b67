import { distance } from "fastest-levenshtein";

/** The known word that an unknown one is most likely meant to be; none, if it is like none of them. */
export function nearest(unknown: string, known: readonly string[]): string | undefined {
  const far = (word: string) => distance(unknown.toLowerCase(), word.toLowerCase());
  const [best] = known.toSorted((one, other) => far(one) - far(other));
  return best !== undefined && far(best) <= Math.max(2, Math.floor(unknown.length * 0.4)) ? best : undefined;
}

/** Asks for the known word that was most likely meant, to be read before what is allowed; empty, if there is none like it. */
export function hint(meant: string | undefined): string {
  return meant === undefined ? "" : `did you mean ${meant}? `;
}

/** What to say of an unknown word. */
export function unknownWord(word: string, known: readonly string[]): string {
  return `is unknown; ${hint(nearest(word, known))}expected ${known.join(", ")}`;
}
