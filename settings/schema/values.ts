import { z } from "zod";

/** Types of values that several parts of a stack file share. */

export function whole(min: number, max: number) {
  const error = `expected a whole number from ${min} to ${max}`;
  return z.int({ error }).gte(min, { error }).lte(max, { error });
}

export function matching(pattern: RegExp, allowed: string) {
  return z.string({ error: allowed }).regex(pattern, { error: allowed });
}

/** A matching text, even if YAML reads it as a number or a boolean: `queues: [2024]`. */
export function word(pattern: RegExp, allowed: string) {
  const text = matching(pattern, allowed);
  return z.union([text, z.union([z.number(), z.boolean()]).transform(String).pipe(text)], { error: allowed });
}

export function oneOf<const T extends readonly [string, ...string[]]>(...values: T) {
  const last = values.at(-1);
  return z.enum(values, { error: `expected ${values.slice(0, -1).join(", ")} or ${last}` });
}

const anObject = "expected an object with ";

export function object<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape, { error: `${anObject}${Object.keys(shape).join(", ")}` });
}

/** Extracts the keys that an object may have from the message of its error. */
export function keysIn(message: string): string[] {
  return message.slice(anObject.length).split(", ");
}

export function list<T extends z.ZodType>(item: T, of: string) {
  return z.array(item, { error: `expected a list of ${of}` });
}

export const flag = z.boolean({ error: "expected true or false" });

export const text = z.string({ error: "expected a text" }).min(1, { error: "expected a text" });

/** A text, even if YAML reads it as a number or a boolean. */
export const scalar = z
  .union([z.string(), z.number(), z.boolean()], { error: "expected a text, a number or a boolean" })
  .transform(String);

export const range = object({
  min: whole(0, 1000).describe("Minimum."),
  max: whole(1, 1000).describe("Maximum."),
}).refine(({ min, max }) => min <= max, { error: "expected a min that is not above max" });

export const name = matching(
  /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/,
  "expected a-z, 0-9 and '-', a letter first, 32 at most",
);

/** A range of IPv4 addresses. */
export const cidr = matching(
  /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/,
  "expected a range of addresses: 203.0.113.0/24",
);

export const queue = word(
  /^[A-Za-z0-9_.-]{1,100}$/,
  "expected letters, digits, '_', '.' and '-', 100 at most",
);

export const labels = z.record(
  matching(/^([a-z0-9.-]+\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/, "expected names of labels"),
  word(/^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/, "expected the value of a label"),
  { error: "expected labels with their values" },
);

export const annotations = z.record(
  matching(
    /^([a-z0-9.-]+\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/,
    "expected names of annotations",
  ),
  z.string({ error: "expected a text" }),
  { error: "expected annotations with their texts" },
);

/** MiB. */
export const memory = whole(64, 1_048_576);

/** Cores. */
export const cpu = z
  .number({ error: "expected a number of cores from 0.1 to 1024" })
  .gte(0.1, { error: "expected a number of cores from 0.1 to 1024" })
  .lte(1024, { error: "expected a number of cores from 0.1 to 1024" });

export const port = whole(1, 65535);

export const hostName = matching(
  /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
  "expected a host name, in lower case",
);
