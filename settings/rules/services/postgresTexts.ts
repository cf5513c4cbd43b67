import type { Lines } from "../../schema/services.ts";
import { mebibytes } from "./postgresValues.ts";

/** Lists the words of a value that is a list, without quotes and directories. */
function words(text: string): string[] {
  const plain = text.split(",").map((word) => word.trim().replace(/^["']|["']$/g, ""));
  return plain.map((word) => word.replace(/^\$libdir\//, "")).filter((word) => word !== "");
}

function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return true;
  } catch {
    // The form of POSIX: <+03>-3, EST5EDT.
    return /^(<[^>]+>|[A-Za-z]{3,})[+-]?\d/.test(text);
  }
}

const zone = [isTimeZone, "a time zone: Europe/Berlin, UTC"] as const;
const locale = [
  (text: string) => /^(|C|POSIX|(C|en_US)\.(UTF-8|utf8))$/.test(text),
  "a locale of the image: C.UTF-8",
] as const;

/** Forms of values that are plain texts to Postgres' own list of settings. */
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
    "try and off, since an engine reserves no huge pages",
  ],
  bonjour: [(text) => /^(of?f?|f.*|no?|0)$/i.test(text), "off, since the image is built without it"],
  synchronous_standby_names: [
    (text) => text === "",
    "none, since the stack has no standby, for which each commit would wait",
  ],
};

/** Least size in MiB of twice a segment of the log. */
const leastLog = 32;

function logFault(name: string, text: string, settings: Lines): string | undefined {
  if (name === "min_wal_size" || name === "max_wal_size") {
    const size = mebibytes({ type: "integer", unit: "MB", min: 0, max: 0, values: [], isFixed: false }, text);
    return size !== undefined && size < leastLog
      ? `expected at least ${leastLog}MB, two segments`
      : undefined;
  }
  if (name !== "wal_level" || text.toLowerCase() !== "minimal" || String(settings.max_wal_senders) === "0")
    return;
  return "it needs max_wal_senders: 0 beside it: expected both, or replica";
}

/**
 * Says which text is expected of a setting of Postgres; undefined if a text is one.
 * @param libraries those of the server, if they are known
 */
export function postgresTextFault(
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
  return logFault(name, text, settings);
}
