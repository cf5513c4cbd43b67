import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/model/groups.ts";
import { proxyFor } from "../../settings/model/urls/proxied.ts";
import type { MonitoringSettings } from "../../settings/schema/upkeep/monitoring.ts";
import type { Platform } from "../../workload.ts";
import { readSecret } from "../readSecret.ts";
import { watchdogAlert } from "./alerts.ts";

type Alerts = NonNullable<MonitoringSettings["alerts"]>;
type Email = NonNullable<Alerts["email"]>;

function emailConfig({ to, from, server, user }: Email, password: string | undefined) {
  return {
    to,
    from,
    smarthost: server,
    send_resolved: true,
    ...(user !== undefined && { auth_username: user }),
    ...(password !== undefined && { auth_password: password }),
  };
}

/** Picks the proxy for a URL, since Alertmanager reads no variables for it. */
function proxyOf(url: string, proxy: NonNullable<Settings["proxy"]>): string | undefined {
  // In manifests for other tools a name in braces stands for the URL.
  return URL.canParse(url) ? proxyFor(url, proxy) : proxy.https;
}

/** Text of a message in a chat: a line for each alert. */
const chat = {
  title: "{{ .Status | toUpper }}: {{ .CommonLabels.alertname }} in stack {{ .CommonLabels.stack }}",
  text: "{{ range .Alerts }}{{ .Annotations.summary }} See {{ .Annotations.runbook }}.\n{{ end }}",
};

/** Notifies of the alert that always fires, each minute: an interval that ends with a group's is otherwise noticed a minute late. */
const watchdogRoute = {
  matchers: [`alertname="${watchdogAlert}"`],
  receiver: "watchdog",
  group_interval: "1m",
  repeat_interval: "50s",
};

/**
 * Renders the configuration of Alertmanager, as JSON, which is YAML. Secret: the URL of a webhook often contains a key.
 * @param proxy proxies of the stack, by which webhooks are reached
 */
export function alertmanagerConfig(
  { webhook, slack, email, watchdog }: Alerts,
  platform: Platform,
  proxy?: Settings["proxy"],
): pulumi.Output<string> {
  const read = (source: Alerts["webhook"]) =>
    source === undefined ? undefined : readSecret(source, platform);
  const secrets = {
    webhook: read(webhook),
    slack: read(slack),
    watchdog: read(watchdog),
    password: read(email?.password),
  };
  return pulumi.secret(
    pulumi.output(secrets).apply(({ password, ...urls }) => {
      const through = (url: string) => {
        const by = proxy && proxyOf(url, proxy);
        return by === undefined ? {} : { http_config: { proxy_url: by } };
      };
      const posts = (url: string, toldOfEnds: boolean) => [
        { url, send_resolved: toldOfEnds, ...through(url) },
      ];
      const watching =
        urls.watchdog === undefined
          ? { routes: [], receivers: [] }
          : {
              routes: [watchdogRoute],
              receivers: [{ name: "watchdog", webhook_configs: posts(urls.watchdog, false) }],
            };
      return JSON.stringify({
        route: {
          receiver: "people",
          group_by: ["alertname"],
          group_wait: "10s",
          group_interval: "1m",
          repeat_interval: "12h",
          routes: watching.routes,
        },
        receivers: [
          {
            name: "people",
            ...(urls.webhook !== undefined && { webhook_configs: posts(urls.webhook, true) }),
            ...(urls.slack !== undefined && {
              slack_configs: [{ api_url: urls.slack, send_resolved: true, ...chat, ...through(urls.slack) }],
            }),
            ...(email && { email_configs: [emailConfig(email, password)] }),
          },
          ...watching.receivers,
        ],
      });
    }),
  );
}
