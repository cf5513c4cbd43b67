import type { Accepted } from "../../model/servers.ts";

const units: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1000,
  kb: 1024,
  m: 1000 ** 2,
  mb: 1024 ** 2,
  g: 1000 ** 3,
  gb: 1024 ** 3,
};

/** Reads a size in bytes; NaN if the text is not a size. */
export function redisBytes(text: string): number {
  const [, number, unit = ""] = /^(\d+)([a-z]*)$/i.exec(text) ?? [];
  return number === undefined ? Number.NaN : Number(number) * (units[unit.toLowerCase()] ?? Number.NaN);
}

/** Settings of several words: the form that Redis accepts, and an example. */
const forms: Readonly<Record<string, readonly [form: RegExp, expected: string]>> = {
  "client-output-buffer-limit": [
    /^((normal|replica|slave|pubsub) \d+[kmg]?b? \d+[kmg]?b? \d+ ?)+$/i,
    "normal 0 0 0",
  ],
  "notify-keyspace-events": [/^(""|[Ag$lshzxeKEtmdn]+)$/, `letters of Ag$lshzxeKEtmdn, or '""'`],
  "oom-score-adj-values": [/^-?\d{1,4} -?\d{1,4} -?\d{1,4}$/, "0 200 800"],
  "latency-tracking-info-percentiles": [/^(""|\d{1,3}(\.\d+)?( \d{1,3}(\.\d+)?)*)$/, "50 99 99.9"],
};

function isBalanced(text: string): boolean {
  return /^("([^"\\]|\\.)*"|'([^'\\]|\\.)*'|[^\s"']+)(\s+("([^"\\]|\\.)*"|'([^'\\]|\\.)*'|[^\s"']+))*$/.test(
    text,
  );
}

function boundsProblem(value: number, { min, max }: Accepted, what: string): string | undefined {
  if (value >= min && value <= max) return;
  const range = Number.isFinite(max)
    ? ` from ${min} to ${max}`
    : Number.isFinite(min)
      ? `, ${min} or more`
      : "";
  return `expected ${what}${range}`;
}

const size = "a size: 100mb, 2gb or bytes";

/** Explains which value a setting of Redis expects; undefined if the given text is one. */
export function redisValueProblem(name: string, accepted: Accepted, text: string): string | undefined {
  const [form, example] = forms[name] ?? [];
  if (form) return form.test(text) ? undefined : `expected ${example}`;
  switch (accepted.type) {
    case "flag":
    case "enum":
      return accepted.values.includes(text.toLowerCase())
        ? undefined
        : `expected ${accepted.values.join(" or ")}`;
    case "integer":
      return boundsProblem(/^-?\d+$/.test(text) ? Number(text) : Number.NaN, accepted, "a whole number");
    case "memory":
      return boundsProblem(redisBytes(text), accepted, size);
    case "memory or percent":
      return /^\d{1,3}%$/.test(text)
        ? undefined
        : boundsProblem(redisBytes(text), accepted, `${size}, or a percentage`);
    default:
      return isBalanced(text) ? undefined : `expected one word, or words in quotes; '""' is an empty one`;
  }
}
