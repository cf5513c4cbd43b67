import * as pulumi from "@pulumi/pulumi";
import type { MonitoringSettings } from "../../settings/schema/upkeep/monitoring.ts";
import type { Platform } from "../../workload.ts";
import { readSecret } from "../readSecret.ts";

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

/**
 * Renders the configuration of Alertmanager, as JSON, which is YAML. Secret: the URL of a webhook often contains a key.
 * @param proxy URL of the proxy that leads to the webhook
 */
export function alertmanagerConfig(
  { webhook, email }: Alerts,
  platform: Platform,
  proxy?: string,
): pulumi.Output<string> {
  const secrets = {
    webhook: webhook === undefined ? undefined : readSecret(webhook, platform),
    password: email?.password === undefined ? undefined : readSecret(email.password, platform),
  };
  return pulumi.secret(
    pulumi.output(secrets).apply(({ webhook: url, password }) => {
      const hook = {
        url,
        send_resolved: true,
        ...(proxy !== undefined && { http_config: { proxy_url: proxy } }),
      };
      return JSON.stringify({
        route: {
          receiver: "people",
          group_by: ["alertname"],
          group_wait: "10s",
          group_interval: "1m",
          repeat_interval: "12h",
        },
        receivers: [
          {
            name: "people",
            ...(url !== undefined && { webhook_configs: [hook] }),
            ...(email && { email_configs: [emailConfig(email, password)] }),
          },
        ],
      });
    }),
  );
}
