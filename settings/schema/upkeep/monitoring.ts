import type { z } from "zod";
import { secret } from "../secret.ts";
import { hostPattern, list, matching, object, portPattern, text } from "../values.ts";

const address = matching(/^[^\s@]+@[^\s@]+$/, "expected one e-mail address, without a name: ops@example.com");

const email = object({
  to: address.describe("Address that alerts are sent to."),
  from: address.describe("Address that alerts come from."),
  server: matching(
    new RegExp(`^${hostPattern}:${portPattern}$`),
    "expected the name and the port of a mail server: mail.example.com:587",
  ).describe("Mail server, which must speak STARTTLS: `mail.example.com:587`."),
  user: text.optional().describe("Login at the mail server."),
  password: secret.optional().describe("Password of `user`."),
});

const metricsUrl = "expected the URL of metrics, without a login: http://10.0.0.5:9100/metrics";

const alerts = object({
  webhook: secret
    .optional()
    .describe("URL that alerts are posted to, in the form of Alertmanager's webhooks."),
  slack: secret
    .optional()
    .describe("URL of an incoming webhook of Slack or Mattermost, which shows alerts there."),
  email: email.optional().describe("Mail by which alerts are sent."),
  watchdog: secret
    .optional()
    .describe(
      "URL that is posted to every minute while alerts can be sent, of a service that tells you when this stops.",
    ),
});

/** Monitoring of a stack. */
export const monitoring = object({
  retention: matching(/^[1-9]\d{0,3}d$/, "expected whole days, 9999d at most: 30d")
    .default("30d")
    .describe("Age at which series are removed."),
  alerts: alerts.optional().describe("Receivers of alerts; without it alerts are in the interface only."),
  scrape: list(
    matching(new RegExp(`^https?://${hostPattern}(:${portPattern})?(/[A-Za-z0-9_./-]*)?$`), metricsUrl),
    "URLs",
  )
    .default([])
    .describe("Further metrics to collect: `[http://10.0.0.5:9100/metrics]`."),
});

export type MonitoringSettings = z.output<typeof monitoring>;
