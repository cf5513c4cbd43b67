import { secret } from "../secret.ts";
import { hostPattern, matching, object, portPattern } from "../values.ts";

const receiver =
  "expected the http or https URL of an OTLP receiver, without a login: http://collector.example.com:4318";

/** Receiver of Airflow's spans. */
export const tracing = object({
  endpoint: matching(
    new RegExp(`^https?://(${hostPattern}|\\[[0-9A-Fa-f:.]+\\])(:${portPattern})?(/[^\\s@?#"'<>\\\\]*)?$`),
    receiver,
  )
    // The pattern does not know IPv6 addresses.
    .refine((url) => URL.canParse(url), { error: receiver })
    .refine((url) => !/\/v1\/traces\/*$/.test(url), {
      error: "/v1/traces is added to it: expected the URL without this end",
    })
    .describe("URL of an OTLP receiver over HTTP; spans go to `/v1/traces` below it."),
  headers: secret
    .optional()
    .describe(
      "Headers of each request, as a secret: `authorization=Bearer%20…`; several with a comma between them.",
    ),
});
