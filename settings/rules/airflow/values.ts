import { airflowOption, airflowOptions } from "../../model/airflowOptions.ts";
import { knownSettings, type ValueType } from "../../model/known.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Reads a number as Python does, which allows `_` between digits; NaN if the text is none. */
function pythonNumber(text: string): number {
  const trimmed = text.trim();
  const isNumber = /^[+-]?(\d+(_\d+)*\.?|\d*\.\d+)(e[+-]?\d+)?$/i.test(trimmed);
  return isNumber ? Number(trimmed.replaceAll("_", "")) : Number.NaN;
}

/** Checks of texts that Airflow converts, and what is expected of them. */
const types: Readonly<Record<ValueType, readonly [accepts: (text: string) => boolean, expected: string]>> = {
  // Airflow ignores a comment behind a boolean.
  boolean: [(text) => /^(t|true|1|f|false|0)$/i.test(text.replace(/#.*/s, "").trim()), "true or false"],
  integer: [(text) => Number.isInteger(pythonNumber(text)), "a whole number"],
  float: [
    (text) => !Number.isNaN(pythonNumber(text)) || /^[+-]?(inf(inity)?|nan)$/i.test(text.trim()),
    "a number",
  ],
};

/** Rejects values that keep Airflow from starting, since it cannot convert them or knows others only. */
const convertible = rule(["version", "settings.*.*"], (parsed) => {
  const known = knownSettings(parsed.version);
  if (!known) return [];
  return [...airflowOptions(parsed)].flatMap(([name, { path, value }]) => {
    const choices = known.choices.get(name);
    const type = known.types.get(name);
    const [accepts, expected] = type === undefined ? [] : types[type];
    if (choices && !choices.includes(value)) {
      const named = choices.map((choice) => (choice === "" ? "no text" : choice));
      return faultAt(path, `expected ${named.join(", ")}`, value);
    }
    const problem = !accepts || accepts(value) ? undefined : `expected ${expected}`;
    return faultAt(path, problem, value === "" ? "empty text" : value);
  });
});

/** Rejects a time zone that Airflow does not know: it would use UTC without a word. `system` is the container's. */
const timezone = rule(["version", "settings.core.default_timezone"], (parsed) => {
  const given = airflowOption(parsed, "core.default_timezone");
  const known = knownSettings(parsed.version);
  if (!given || !known || ["system", "utc"].includes(given.value) || known.timezones.has(given.value))
    return [];
  return faultAt(
    given.path,
    "expected the name of a time zone, such as Europe/Berlin, or system",
    given.value,
  );
});

export const valueRules = [convertible, timezone];
