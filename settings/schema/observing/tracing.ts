import { secret } from "../secret.ts";
import { matching, object } from "../values.ts";

/** Where spans of Airflow's go. */
export const tracing = object({
  endpoint: matching(
    /^https?:\/\/[^\s@?#]+$/,
    "expected the http or https URL of an OTLP receiver, without a login: http://collector.example.com:4318",
  ).describe("URL of an OTLP receiver over HTTP; spans go to `/v1/traces` below it."),
  headers: secret
    .optional()
    .describe(
      "Headers of each request, as a secret: `authorization=Bearer%20…`; several with a comma between them.",
    ),
});
