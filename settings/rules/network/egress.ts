import { isIP } from "node:net";
import { capabilities } from "../../../capabilities.ts";
import { within } from "../../model/addresses.ts";
import { internet, type KubernetesSettings } from "../../schema/kubernetes.ts";
import { faultAt } from "../fault.ts";
import { type IsGiven, rule } from "../rule.ts";

type Egress = KubernetesSettings["egress"];

/** True if roles may reach an address outside the stack; ranges are of IPv4 addresses alone. */
export function mayReach({ to, except }: Egress, address: string): boolean {
  const covers = (ranges: readonly string[]) => ranges.some((range) => within(address, range));
  return isIP(address) === 4 && covers(to) && !covers(except);
}

/** Explains that roles may not reach a repository's address; a name may be of any address, and a proxy reaches others. */
function problem(url: string, egress: Egress | undefined, isGiven: IsGiven): string | undefined {
  const { protocol, hostname } = new URL(url);
  if ((protocol === "http:" && isGiven("proxy.http")) || (protocol === "https:" && isGiven("proxy.https")))
    return undefined;
  const address = hostname.replace(/^\[|\]$/g, "");
  if (!isIP(address) || mayReach(egress ?? internet, address)) return undefined;
  const fix =
    isIP(address) === 6
      ? "an IPv4 address or a name, since kubernetes.egress has IPv4 ranges alone"
      : "kubernetes.egress with it, such as { to: [0.0.0.0/0], except: [169.254.0.0/16] }";
  return `roles may not reach ${address}: expected ${fix}`;
}

const repository = rule(
  ["platform", "dagsGit.url", "kubernetes.egress"],
  ({ platform, dagsGit, kubernetes }, isGiven) =>
    dagsGit && capabilities[platform].egress
      ? faultAt(["dagsGit", "url"], problem(dagsGit.url, kubernetes?.egress, isGiven))
      : [],
);

const bundles = rule(
  ["platform", "dagBundles.*.url", "kubernetes.egress"],
  ({ platform, dagBundles, kubernetes }, isGiven) =>
    capabilities[platform].egress
      ? dagBundles.flatMap(([at, { url }]) =>
          faultAt(["dagBundles", at, "url"], problem(url, kubernetes?.egress, isGiven)),
        )
      : [],
);

const provider = rule(
  ["platform", "login.oidc.issuer", "login.ldap.url", "kubernetes.egress"],
  ({ platform, login, kubernetes }, isGiven) => {
    if (!capabilities[platform].egress) return [];
    const urls = [
      { path: ["login", "oidc", "issuer"], url: login?.oidc?.issuer },
      { path: ["login", "ldap", "url"], url: login?.ldap?.url },
    ];
    return urls.flatMap(({ path, url }) =>
      url === undefined ? [] : faultAt(path, problem(url, kubernetes?.egress, isGiven)),
    );
  },
);

export const egressRules = [repository, bundles, provider];
