import { secret } from "../secret.ts";
import { object, plainUrl, url } from "../values.ts";

/** Receiver of Airflow's spans. */
export const tracing = object({
  endpoint: url(
    plainUrl,
    "expected the http or https URL of an OTLP receiver, without a login: http://collector.example.com:4318",
  )
    .refine((text) => !/\/v1\/traces\/*$/.test(text), {
      error: "/v1/traces is added to it: expected the URL without this end",
    })
    .describe("URL of an OTLP receiver over HTTP; spans go to `/v1/traces` below it."),
  headers: secret
    .optional()
    .describe(
      "Headers of each request, as a secret: `authorization=Bearer%20…`; several with a comma between them.",
    ),
});
