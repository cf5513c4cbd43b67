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

/** Explains that roles may not reach the address of a URL; a name may be of any address, and a proxy reaches others. */
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

const plain = (["dagsGit.url", "login.oidc.issuer", "login.ldap.url"] as const).map((key) =>
  rule(["platform", key, "kubernetes.egress"], ({ platform, kubernetes, ...parsed }, isGiven) => {
    const path = key.split(".");
    const url = path.reduce<unknown>((at, step) => Object(at)[step], parsed);
    return capabilities[platform].egress && typeof url === "string"
      ? faultAt(path, problem(url, kubernetes?.egress, isGiven))
      : [];
  }),
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

export const egressRules = [...plain, bundles];
