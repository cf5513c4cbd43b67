import { distance } from "fastest-levenshtein";
import { isOrdinary } from "../model/urls/mask.ts";

/** Finds the known word most similar to an unknown one; undefined if more than 40 % of the letters (at least 2) differ. */
export function nearest(unknown: string, known: readonly string[]): string | undefined {
  const far = (word: string) => distance(unknown.toLowerCase(), word.toLowerCase());
  const [best] = known.toSorted((one, other) => far(one) - far(other));
  return best !== undefined && far(best) <= Math.max(2, Math.floor(unknown.length * 0.4)) ? best : undefined;
}

/** Renders the question `did you mean …? ` to precede the expected values; empty without a suggestion. */
export function hint(meant: string | undefined): string {
  return meant === undefined ? "" : `did you mean ${meant}? `;
}

/** Names the setting that a variable `AIRFLOW__SECTION__KEY` would set; undefined for any other word. */
export function settingOf(word: string): string | undefined {
  const [, section, key] = (isOrdinary(word) && /^AIRFLOW__(.+?)__(.+)$/i.exec(word)) || [];
  return key && `settings: { ${section?.toLowerCase()}: { ${key.toLowerCase()}: VALUE } }`;
}

/** Renders the message for an unknown word. */
export function unknownWord(word: string, known: readonly string[]): string {
  const setting = settingOf(word);
  if (setting !== undefined) return `is unknown; it is a setting of airflow.cfg: expected ${setting}`;
  return `is unknown; ${hint(nearest(word, known))}expected ${known.join(", ")}`;
}
