import { Refused } from "../../../../settings/read/yaml/refused.ts";
import { type Config, raw, settingsFrom } from "../../settingsFrom.ts";

/** Lists the faults of a stack, without the file name. */
export function faults(config: Config): string[] {
  try {
    settingsFrom(raw(config), () => "stack");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const lines = error.message.split("\n").slice(1);
    return lines.map((line) => line.replace(/^ +stack: /, ""));
  }
  return [];
}
