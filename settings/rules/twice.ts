import type { Path } from "../schema/path.ts";
import { type Fault, faultAt } from "./fault.ts";

/**
 * Rejects settings that are given twice, spelt with upper and lower case, which are the same to their reader.
 * @param given paths of keys, in the order of the stack file
 * @param reader reader of the settings: `Airflow`
 */
export function twiceFaults(given: readonly Path[], reader: string): Fault[] {
  const nameOf = (path: Path) => path.join(".");
  return given.flatMap((path, at) => {
    const other = given.slice(0, at).find((one) => nameOf(one).toLowerCase() === nameOf(path).toLowerCase());
    return faultAt(path, other && `${reader} reads it as ${nameOf(other)}: expected only one of them`);
  });
}
