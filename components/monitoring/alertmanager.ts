import * as pulumi from "@pulumi/pulumi";
import { within } from "../../settings/model/addresses.ts";
import type { Settings } from "../../settings/model/groups.ts";
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

/** Picks the proxy for a URL by its scheme, and by the hosts to reach directly: Alertmanager reads no variables for it. */
function proxyOf(url: string, { http, https, no }: NonNullable<Settings["proxy"]>): string | undefined {
  // In manifests for other tools a name in braces stands for the URL.
  if (!URL.canParse(url)) return https;
  const { protocol, hostname, host } = new URL(url);
  const isAddress = /^[\d.]+$/.test(hostname);
  const isDirect = no.some((entry) => {
    if (entry === "*" || [hostname, host].includes(entry.toLowerCase())) return true;
    if (isAddress) return entry.includes("/") && within(hostname, entry);
    return hostname.endsWith(`.${entry.toLowerCase().replace(/^\./, "")}`);
  });
  return isDirect ? undefined : protocol === "https:" ? https : http;
}

/**
 * Renders the configuration of Alertmanager, as JSON, which is YAML. Secret: the URL of a webhook often contains a key.
 * @param proxy proxies of the stack, by which the webhook is reached
 */
export function alertmanagerConfig(
  { webhook, email }: Alerts,
  platform: Platform,
  proxy?: Settings["proxy"],
): pulumi.Output<string> {
  const secrets = {
    webhook: webhook === undefined ? undefined : readSecret(webhook, platform),
    password: email?.password === undefined ? undefined : readSecret(email.password, platform),
  };
  return pulumi.secret(
    pulumi.output(secrets).apply(({ webhook: url, password }) => {
      const through = proxy && url !== undefined ? proxyOf(url, proxy) : undefined;
      const hook = {
        url,
        send_resolved: true,
        ...(through !== undefined && { http_config: { proxy_url: through } }),
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
