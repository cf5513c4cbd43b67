import { z } from "zod";

/** Types of values that several parts of a stack file share; their errors name what is expected. */

/** A whole number, both bounds included. */
export function whole(min: number, max: number) {
  const error = `expected a whole number from ${min} to ${max}`;
  return z.int({ error }).gte(min, { error }).lte(max, { error });
}

/** A string in a form; `allowed` is the error for all others, which begins with "expected". */
export function matching(pattern: RegExp, allowed: string) {
  return z.string({ error: allowed }).regex(pattern, { error: allowed });
}

/** A matching string, even if YAML reads it as a number or a boolean: `queues: [2024]`. */
export function word(pattern: RegExp, allowed: string) {
  const text = matching(pattern, allowed);
  return z.union([text, z.union([z.number(), z.boolean()]).transform(String).pipe(text)], { error: allowed });
}

export function oneOf<const T extends readonly [string, ...string[]]>(...values: T) {
  const last = values.at(-1);
  return z.enum(values, { error: `expected ${values.slice(0, -1).join(", ")} or ${last}` });
}

const anObject = "expected an object with ";

/** An object without other keys than these; the error lists the keys. */
export function object<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape, { error: `${anObject}${Object.keys(shape).join(", ")}` });
}

/** Extracts the keys of an object from its error, as `object` writes it. */
export function keysIn(message: string): string[] {
  return message.slice(anObject.length).split(", ");
}

export function list<T extends z.ZodType>(item: T, of: string) {
  return z.array(item, { error: `expected a list of ${of}` });
}

export const flag = z.boolean({ error: "expected true or false" });

export const text = z.string({ error: "expected text" }).min(1, { error: "expected text" });

/** A string, even if YAML reads it as a number or a boolean. */
export const scalar = z
  .union([z.string(), z.number(), z.boolean()], { error: "expected text, a number or a boolean" })
  .transform(String);

export const range = object({
  min: whole(0, 1000).describe("Minimum number of workers."),
  max: whole(1, 1000).describe("Maximum number of workers."),
}).refine(({ min, max }) => min <= max, { error: "expected min to be at most max" });

export const name = matching(
  /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/,
  "expected a-z, 0-9 and '-', a letter first, 32 at most",
);

const octet = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";

/** Pattern of a port. */
export const portPattern = "([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])";

const label = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?";
/** Pattern of an IPv4 address, or of a host name, whose last part has a letter; local names may have an underscore. */
export const hostPattern = `(${octet}(\\.${octet}){3}|(${label}\\.)*(\\d[\\d-]*)?[A-Za-z]([A-Za-z0-9_-]*[A-Za-z0-9])?)`;

/** Pattern of a host in a URL: as `hostPattern`, or in brackets what may be an IPv6 address, which `url` decides. */
export const urlHostPattern = `(${hostPattern}|\\[[0-9A-Fa-f:.]+\\])`;

/** Form of an http or https URL without a login, a query and a fragment. */
export const plainUrl = new RegExp(`^https?://${urlHostPattern}(:${portPattern})?(/[^\\s@?#"'<>\\\\]*)?$`);

/** A URL of a form; the form of an IPv6 address is left to the parser of URLs. */
export function url(form: RegExp, error: string) {
  return matching(form, error).refine((text) => URL.canParse(text), { error });
}

/** True if a URL leads to the host of the program that opens it. */
export function isLoopback(url: string): boolean {
  return /^[a-z0-9+]+:\/\/(.*@)?(localhost|127(\.\d+){3}|0\.0\.0\.0|\[::1?\])(?![\w.-])/i.test(url);
}

/** An IPv4 address or a range of them, with a port. */
export const addressAndPort = matching(
  new RegExp(`^${octet}(\\.${octet}){3}(/(3[0-2]|[12]?\\d))?:${portPattern}$`),
  "expected an address, or a range of addresses, and a port: 10.0.0.4:6443",
);

export const queue = word(
  /^[A-Za-z0-9_.-]{1,100}$/,
  "expected letters, digits, '_', '.' and '-', 100 at most",
);

/** Pattern of a label of RFC 1123; `subdomain` is one or more of them with dots between. */
const dnsLabel = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
const subdomain = `(?=.{1,253}$)${dnsLabel}(\\.${dnsLabel})*`;

/** Name of a namespace, or of a service. */
export const clusterLabel = matching(
  new RegExp(`^${dnsLabel}$`),
  "expected a-z, 0-9 and '-', a letter or digit first and last, 63 at most",
);

/** Name of any other object of a cluster. */
export const clusterName = matching(
  new RegExp(`^${subdomain}$`),
  "expected a-z, 0-9, '-' and '.', a letter or digit at both ends of each part, 253 at most",
);

const nameForm = "letters, digits, '_', '.' and '-', 63 at most, after a domain and '/' if there is one";
const namePattern = new RegExp(
  `^((?=[^/]{1,253}/)${dnsLabel}(\\.${dnsLabel})*/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$`,
);
export const labelName = matching(namePattern, `expected the name of a label: ${nameForm}`);
export const labelValue = word(
  /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/,
  "expected the value of a label: letters, digits, '_', '.' and '-', a letter or digit first and last, 63 at most",
);
export const labels = z.record(labelName, labelValue, { error: "expected labels with their values" });

export const annotations = z.record(
  matching(namePattern, `expected the name of an annotation: ${nameForm}`),
  z.string({ error: "expected text" }),
  { error: "expected annotations, each with a text" },
);

/** Size of memory, in MiB. */
export const memory = whole(64, 1_048_576);

/** Number of CPU cores. */
export const cpu = z
  .number({ error: "expected a number of cores from 0.1 to 1024" })
  .gte(0.1, { error: "expected a number of cores from 0.1 to 1024" })
  .lte(1024, { error: "expected a number of cores from 0.1 to 1024" });

export const port = whole(1, 65535);

export const hostName = matching(
  new RegExp(`^(?!\\d+(\\.\\d+){3}$)${subdomain}$`),
  "expected a host name, in lower case",
);

/** Host name, and a path if others share the host. */
export const hostAndPath = matching(
  new RegExp(`^(?=[^/]{1,253}(/|$))(?!\\d+(\\.\\d+){3}(/|$))${dnsLabel}(\\.${dnsLabel})*(/[A-Za-z0-9_-]+)*$`),
  "expected a host name in lower case, and a path if others share the host: tools.example.com/airflow",
);

/** A range of IPv4 addresses. */
export const cidr = matching(
  new RegExp(`^${octet}(\\.${octet}){3}/(3[0-2]|[12]?\\d)$`),
  "expected a range of addresses: 203.0.113.0/24",
);

/** An IPv4 address, or a range of them. */
export const addressOrRange = matching(
  new RegExp(`^${octet}(\\.${octet}){3}(/(3[0-2]|[12]?\\d))?$`),
  "expected an address or a range of addresses: 172.18.0.1, 172.18.0.0/16",
);

/** Patterns of an image's name, by Docker's grammar: host, path, and a tag, a digest or both. */
const component = "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*";
const registry =
  "([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(\\.([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(:[0-9]{1,5})?";
const repository = `(${registry}/)?${component}(/${component})*`;

export const imageName = matching(
  new RegExp(`^${repository}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$`),
  "expected an image name: registry.example.com/airflow:1.2.3, registry.example.com/airflow@sha256:…, in lower case before the tag",
);

/** Name of an image in a registry, without a tag. */
export const imageRepository = matching(
  new RegExp(`^${registry}(/${component})+$`),
  "expected a repository of an image registry, without a tag: registry.example.com/team/dags",
);
