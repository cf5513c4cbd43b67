import type { Accepted } from "../../model/servers.ts";

/** Bytes by unit, spelt as Postgres spells units: case matters. */
const bytes = {
  B: 1,
  kB: 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
  TB: 1024 ** 4,
};
/** Milliseconds by unit. */
const times: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Splits a base unit into its table and its size in it: 8kB is 8192 bytes. */
function baseOf(
  unit: string,
): { readonly units: Readonly<Record<string, number>>; readonly size: number } | undefined {
  const [, count = "", name = ""] = /^(\d*)([A-Za-z]+)$/.exec(unit) ?? [];
  const tables: readonly Readonly<Record<string, number>>[] = [bytes, times];
  const units = tables.find((table) => Object.hasOwn(table, name));
  return units && { units, size: Number(count || 1) * (units[name] ?? 1) };
}

function parsedNumber(number: string): number {
  return /^[+-]?0[0-7]+$/.test(number) ? Number.parseInt(number, 8) : Number(number);
}

/** Reads a number in a setting's base unit; NaN if the text is not a number, or has a unit of another quantity. */
export function postgresNumber({ unit, type }: Pick<Accepted, "unit" | "type">, text: string): number {
  const [, number = "", given = ""] =
    /^\s*([+-]?(?:0x[0-9a-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?))\s*([A-Za-z]*)\s*$/i.exec(text) ?? [];
  if (number === "") return Number.NaN;
  const base = baseOf(unit);
  const scale = given === "" ? 1 : (base?.units[given] ?? Number.NaN) / (base?.size ?? Number.NaN);
  const value = parsedNumber(number) * scale;
  return type === "integer" ? Math.round(value) : value;
}

/** Reads a size in MiB; undefined if the text is not a size. */
export function mebibytes(accepted: Accepted, text: string): number | undefined {
  const size = (postgresNumber(accepted, text) * (baseOf(accepted.unit)?.size ?? Number.NaN)) / bytes.MB;
  return Number.isNaN(size) ? undefined : size;
}

function listAllowed(words: readonly string[]): string {
  return `expected ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

function isFlag(text: string): boolean {
  const word = text.toLowerCase();
  if (word === "") return false;
  const words = ["true", "false", "yes", "no", "1", "0"];
  return word === "on" || /^off?$/.test(word) || words.some((full) => full.startsWith(word));
}

function numberProblem(accepted: Accepted, text: string): string | undefined {
  const { min, max, unit } = accepted;
  const value = postgresNumber(accepted, text);
  if (value >= min && value <= max) return;
  const base = baseOf(unit);
  const units = base && Object.keys(base.units).join(", ");
  const range = Number.isFinite(max)
    ? `expected a number from ${min} to ${max}`
    : `expected a number, ${min} or more`;
  return base ? `${range}, times ${unit}, or with one of the units ${units}` : range;
}

/** Explains which value a setting of Postgres expects; undefined if the given text is one. */
export function postgresValueProblem(accepted: Accepted, text: string): string | undefined {
  const { type, values, isFixed } = accepted;
  if (isFixed) return "Postgres reports it, and does not let it be set: expected no value; remove it";
  switch (type) {
    case "bool":
      return isFlag(text) ? undefined : "expected on or off";
    case "enum": {
      const hidden = values.includes("on") && isFlag(text);
      return hidden || values.includes(text.toLowerCase()) ? undefined : listAllowed(values);
    }
    case "integer":
    case "real":
      return numberProblem(accepted, text);
    default:
      return;
  }
}
