import { capabilities } from "../../../capabilities.ts";
import { airflowOption, isTrue } from "../../model/airflowOptions.ts";
import { serviceUrls, textOf } from "../../model/sources.ts";
import { isLoopback } from "../../schema/values.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Lists the fault of a URL that a role opens. */
function loopbackFault(path: Fault["path"], url: string | undefined): Fault[] {
  const message =
    "each container is there itself: expected the name or the address of a host that containers reach, such as that of this machine in its network";
  return url !== undefined && isLoopback(url) ? faultAt(path, message) : [];
}

const urls = [
  "tracing.endpoint",
  "dagsGit.url",
  "login.oidc.issuer",
  "login.ldap.url",
  "proxy.http",
  "proxy.https",
  "backup.endpoint",
] as const;

/** Rejects addresses at which a container finds itself alone; a pod may have a sidecar there. */
const plain = urls.map((key) =>
  rule(["platform", key], ({ platform, ...parsed }) => {
    const path = key.split(".");
    const url = path.reduce<unknown>((at, step) => Object(at)[step], parsed);
    return capabilities[platform].manifests || typeof url !== "string" ? [] : loopbackFault(path, url);
  }),
);

const repositories = rule(["platform", "dagBundles.*.url"], ({ platform, dagBundles }) =>
  capabilities[platform].manifests
    ? []
    : dagBundles.flatMap(([at, { url }]) => loopbackFault(["dagBundles", at, "url"], url)),
);

const services = rule(["platform", "postgres.*", "redis.*"], ({ platform, ...parsed }) =>
  capabilities[platform].manifests
    ? []
    : serviceUrls(parsed).flatMap(({ path, source }) => loopbackFault(path, textOf(source))),
);

/** Settings with a host to which roles send, by those that switch this on. */
const hosts = {
  "metrics.statsd_host": "metrics.statsd_on",
  "metrics.otel_host": "metrics.otel_on",
  "traces.otel_host": "traces.otel_on",
} as const;

const receivers = Object.entries(hosts).map(([name, isOn]) =>
  rule(["platform", `settings.${name as keyof typeof hosts}`, `settings.${isOn}`], (parsed) => {
    const host = airflowOption(parsed, name);
    const isSent = isTrue(airflowOption(parsed, isOn)?.value ?? "");
    if (!host || !isSent || capabilities[parsed.platform].manifests) return [];
    return loopbackFault(host.path, `tcp://${host.value}`);
  }),
);

const mail = rule(["platform", "monitoring.alerts.email.server"], ({ platform, monitoring }) => {
  const server = monitoring?.alerts?.email?.server;
  if (server === undefined || capabilities[platform].manifests) return [];
  return loopbackFault(["monitoring", "alerts", "email", "server"], `tcp://${server}`);
});

export const loopbackRules = [...plain, repositories, services, ...receivers, mail];
