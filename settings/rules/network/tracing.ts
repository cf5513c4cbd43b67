import { airflowOption } from "../../model/airflowOptions.ts";
import { rule } from "../rule.ts";

/** Rejects the setting that `tracing` makes itself. */
export const tracingRule = rule(["settings.traces"], (parsed, isGiven) => {
  const on = airflowOption(parsed, "traces.otel_on");
  if (!on || !isGiven("tracing")) return [];
  return [
    { path: on.path, message: "tracing turns spans on by itself: expected to leave it out", given: on.value },
  ];
});
