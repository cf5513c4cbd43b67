import type { Settings } from "../../settings/model/groups.ts";
import { parsedValue, settingsOf } from "../../settings/read/read.ts";
import type { Where } from "../../settings/schema/path.ts";

/** Configuration of a stack, by key without the project's prefix. */
export type Config = Readonly<Record<string, unknown>>;

/** Configuration in the form that Pulumi passes to a program. */
export function raw(config: Config): Record<string, string> {
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, text(value)]));
}

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

/**
 * Checks a configuration, as if every value stood in line 3 of `stack.yaml`.
 * @throws Refused listing every fault
 */
export function settingsFor(config: Config): Settings {
  return settingsFrom(raw(config), () => "stack.yaml:3");
}
