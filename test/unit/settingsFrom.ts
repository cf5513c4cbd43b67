import type { Settings } from "../../settings/model/groups.ts";
import { parsedValue, settingsOf } from "../../settings/read/read.ts";
import type { Where } from "../../settings/schema/path.ts";

/**
 * Checks raw values, texts by key, as Pulumi hands them over.
 * @throws Refused listing every fault
 */
export function settingsFrom(raw: Readonly<Record<string, string>>, where: Where): Settings {
  return settingsOf(
    Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, parsedValue(key, value)])),
    where,
  );
}
