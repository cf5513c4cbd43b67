/** Conversions of quantities; unreadable input gives undefined. */

const bytes: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 2 ** 10,
  kb: 2 ** 10,
  ki: 2 ** 10,
  m: 2 ** 20,
  mb: 2 ** 20,
  mi: 2 ** 20,
  g: 2 ** 30,
  gb: 2 ** 30,
  gi: 2 ** 30,
  t: 2 ** 40,
  ti: 2 ** 40,
};

/** Converts a size in compose, `512m`, `2g` or a number of bytes, to MiB. */
export function convertMebibytes(value: unknown): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(String(value).trim()) ?? [];
  const scale = bytes[unit.toLowerCase()];
  if (number === undefined || scale === undefined) return undefined;
  return Math.ceil((Number(number) * scale) / 2 ** 20);
}

const decimals: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/** Converts a quantity of Kubernetes, of which `4G` is decimal and `4Gi` binary, to MiB. */
export function convertQuantity(value: unknown): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)([kMGT])$/.exec(String(value).trim()) ?? [];
  return number === undefined
    ? convertMebibytes(value)
    : Math.ceil((Number(number) * (decimals[unit] ?? 1)) / 2 ** 20);
}

/** Converts `2`, `0.5` or `500m` to cores. */
export function convertCores(value: unknown): number | undefined {
  const [, number, milli] = /^(\d+(?:\.\d+)?)(m?)$/.exec(String(value).trim()) ?? [];
  return number === undefined ? undefined : Number(number) / (milli ? 1000 : 1);
}

/** Converts `90`, `90s`, `1m30s` or `2h` to seconds. */
export function convertSeconds(value: unknown): number | undefined {
  const text = String(value).trim();
  if (/^\d+$/.test(text)) return Number(text);
  const [whole, hours = 0, minutes = 0, rest = 0] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? [];
  return whole ? Number(hours) * 3600 + Number(minutes) * 60 + Number(rest) : undefined;
}

/** Splits `a, b` into its names. */
export function namesIn(list: unknown): string[] {
  const names = String(list).split(",");
  return names.map((name) => name.trim()).filter((name) => name !== "");
}

/** Reads a whole number, also from a text. */
export function parseInteger(value: unknown): number | undefined {
  return /^-?\d+$/.test(String(value).trim()) ? Number(value) : undefined;
}
