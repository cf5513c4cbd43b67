import { airflowOption } from "../../model/airflowOptions.ts";
import { textOf } from "../../model/sources.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Rejects the setting that `tracing` makes. */
export const tracingRule = rule(["settings.traces"], (parsed, isGiven) => {
  const on = airflowOption(parsed, "traces.otel_on");
  if (!on || !isGiven("tracing")) return [];
  return faultAt(on.path, "tracing turns spans on by itself: expected no value; remove it", on.value);
});

/** Rejects headers that OpenTelemetry would leave out. */
export const headerRule = rule(["tracing.headers"], ({ tracing }) => {
  // An empty file is reported as such.
  const text = textOf(tracing?.headers);
  const isHeader = (part: string) =>
    /^\s*([\w!#$%&'*+.^`|~-]+\s*=\s*[\x21-\x7e][\x20-\x7e]*)?\s*$/.test(part);
  const message = "it has no headers: expected NAME=VALUE, several with a comma between them, on one line";
  return faultAt(
    ["tracing", "headers"],
    !text || text.trim().split(",").every(isHeader) ? undefined : message,
  );
});
