import { isIP } from "node:net";
import { capabilities } from "../../../capabilities.ts";
import { within } from "../../model/addresses.ts";
import { textOf } from "../../model/sources.ts";
import { proxyFor } from "../../model/urls/proxied.ts";
import { internet, type KubernetesSettings } from "../../schema/kubernetes.ts";
import type { ParsedConfig } from "../../schema/schema.ts";
import type { SecretSource } from "../../schema/secret.ts";
import { isSecretAt, stackShape } from "../../schema/shape.ts";
import { faultAt } from "../fault.ts";
import { type Part, rule } from "../rule.ts";

type Egress = KubernetesSettings["egress"];

/** True if roles may reach an address outside the stack; ranges are of IPv4 addresses alone. */
export function mayReach({ to, except }: Egress, address: string): boolean {
  const covers = (ranges: readonly string[]) => ranges.some((range) => within(address, range));
  return isIP(address) === 4 && covers(to) && !covers(except);
}

/** Parts of a stack that decide which addresses outside of it are reached. */
const around = ["platform", "proxy.*", "extraHosts.*", "kubernetes.egress"] as const;
type Around = Part<ParsedConfig, (typeof around)[number]>;

/** Explains that the address of a URL may not be reached; a name may be of any address, and a proxy reaches others. */
function problem(
  url: string | undefined,
  { platform, proxy = {}, extraHosts, kubernetes }: Around,
  path: readonly PropertyKey[],
): string | undefined {
  // Other rules report a URL in another form.
  if (!capabilities[platform].egress || url === undefined || !URL.canParse(url)) return undefined;
  // Prometheus asks no proxy.
  if (path[1] !== "scrape" && proxyFor(url, proxy) !== undefined) return undefined;
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const address = extraHosts[host] ?? host;
  if (!isIP(address) || mayReach(kubernetes?.egress ?? internet, address)) return undefined;
  const who = path[0] === "monitoring" ? "the monitoring" : "roles";
  const shown = isSecretAt(stackShape(), path) ? "its host" : address;
  const fix =
    isIP(address) === 6
      ? "an IPv4 address or a name, since kubernetes.egress has IPv4 ranges alone"
      : "kubernetes.egress with it, such as { to: [0.0.0.0/0], except: [169.254.0.0/16] }";
  return `${who} may not reach ${shown}: expected ${fix}`;
}

const keys = [
  "dagsGit.url",
  "login.oidc.issuer",
  "login.ldap.url",
  "tracing.endpoint",
  "monitoring.alerts.webhook",
  "monitoring.alerts.slack",
  "monitoring.alerts.watchdog",
] as const;

const single = keys.map((key) =>
  rule([...around, key], (parsed) => {
    const path = key.split(".");
    const source = path.reduce<unknown>((at, step) => Object(at)[step], parsed);
    return faultAt(path, problem(textOf(source as SecretSource | undefined), parsed, path));
  }),
);

const mail = rule([...around, "monitoring.alerts.email.server"], ({ monitoring, ...parsed }) => {
  const path = ["monitoring", "alerts", "email", "server"];
  const { server } = monitoring?.alerts?.email ?? {};
  return faultAt(path, problem(server && `smtp://${server}`, parsed, path));
});

const bundles = rule([...around, "dagBundles.*.url"], ({ dagBundles, ...parsed }) =>
  dagBundles.flatMap(([at, { url }]) => {
    const path = ["dagBundles", at, "url"];
    return faultAt(path, problem(url, parsed, path));
  }),
);

const scraped = rule([...around, "monitoring.scrape.*"], ({ monitoring, ...parsed }) =>
  (monitoring?.scrape ?? []).flatMap(([at, url]) => {
    const path = ["monitoring", "scrape", at];
    return faultAt(path, problem(url, parsed, path));
  }),
);

export const egressRules = [...single, mail, bundles, scraped];
