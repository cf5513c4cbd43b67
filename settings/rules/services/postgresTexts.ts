import { givenSetting } from "../../model/servers.ts";
import type { Lines } from "../../schema/services.ts";
import { mebibytes } from "./postgresValues.ts";

/** Splits a value at its commas into words without quotes and directories. */
export function words(text: string): string[] {
  const unquoted = text.split(",").map((word) => word.trim().replace(/^["']|["']$/g, ""));
  return unquoted.map((word) => word.replace(/^\$libdir\//, "")).filter((word) => word !== "");
}

function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return true;
  } catch {
    // POSIX time zones: <+03>-3, EST5EDT.
    return /^(<[^>]+>|[A-Za-z]{3,})[+-]?\d/.test(text);
  }
}

const zone = [isTimeZone, "a time zone: Europe/Berlin, UTC"] as const;
const locale = [
  (text: string) => /^(|C|POSIX|(C|en_US)\.(UTF-8|utf8))$/.test(text),
  "a locale of the image: C.UTF-8",
] as const;

/** Forms of values that Postgres' own list of settings describes only as strings. */
const forms: Readonly<Record<string, readonly [is: (text: string) => boolean, expected: string]>> = {
  timezone: zone,
  log_timezone: zone,
  lc_messages: locale,
  lc_monetary: locale,
  lc_numeric: locale,
  lc_time: locale,
  client_encoding: [(text) => /^utf-?8$/i.test(text), "UTF8, which Airflow speaks"],
  datestyle: [
    (text) => words(text).every((word) => /^(iso|sql|postgres|german|mdy|dmy|ymd)$/i.test(word)),
    "an output and an order: ISO, MDY",
  ],
  log_destination: [
    (text) => words(text).every((word) => /^(stderr|csvlog|jsonlog|syslog)$/i.test(word)),
    "some of stderr, csvlog, jsonlog and syslog",
  ],
  huge_pages: [
    (text) => /^(try|off|false|no|0)$/i.test(text),
    "try or off, since an engine reserves no huge pages",
  ],
  bonjour: [(text) => /^(of?f?|f.*|no?|0)$/i.test(text), "off, since the image is built without it"],
  synchronous_standby_names: [
    (text) => text === "",
    "an empty value, since each commit would wait for a standby that the stack does not have",
  ],
};

/** Minimum size of the write-ahead log, in MiB: two segments. */
const leastLog = 32;

function logProblem(name: string, text: string, settings: Lines): string | undefined {
  if (name === "min_wal_size" || name === "max_wal_size") {
    const size = mebibytes({ type: "integer", unit: "MB", min: 0, max: 0, values: [], isFixed: false }, text);
    return size !== undefined && size < leastLog
      ? `expected at least ${leastLog}MB, two segments`
      : undefined;
  }
  if (name !== "wal_level" || text.toLowerCase() !== "minimal") return;
  const [, senders] = givenSetting(settings, "max_wal_senders") ?? [];
  if (String(senders) === "0") return;
  return "it needs max_wal_senders: 0 beside it: expected both, or replica";
}

/**
 * Explains which text a setting of Postgres expects; undefined if the given text is right.
 * @param libraries names that the server can load; undefined if they are unknown
 */
export function postgresTextProblem(
  name: string,
  text: string,
  settings: Lines,
  libraries: readonly string[] | undefined,
): string | undefined {
  const [is, expected] = forms[name] ?? [];
  if (is && !is(text)) return `expected ${expected}`;
  if (name.endsWith("_preload_libraries") && libraries) {
    const missing = words(text).find((library) => !libraries.includes(library));
    return missing === undefined
      ? undefined
      : `the image has no library ${missing}: expected some of ${libraries.join(", ")}`;
  }
  return logProblem(name, text, settings);
}
