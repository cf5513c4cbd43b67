import { isIP } from "node:net";
import { capabilities } from "../../../capabilities.ts";
import { within } from "../../model/addresses.ts";
import { internet, type KubernetesSettings } from "../../schema/kubernetes.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** True if roles may reach an address outside the stack; ranges are of IPv4 addresses alone. */
export function mayReach({ to, except }: KubernetesSettings["egress"], address: string): boolean {
  const covers = (ranges: readonly string[]) => ranges.some((range) => within(address, range));
  return isIP(address) === 4 && covers(to) && !covers(except);
}

/** Rejects repositories at addresses that roles may not reach; a name may be of any address, and a proxy reaches others. */
export const egressRule = rule(
  ["platform", "dagsGit.url", "dagBundles.*.url", "kubernetes.egress"],
  ({ platform, dagsGit, dagBundles, kubernetes }, isGiven) => {
    if (!capabilities[platform].egress) return [];
    const egress = kubernetes?.egress ?? internet;
    const problem = (url: string) => {
      const { protocol, hostname } = new URL(url);
      if (
        (protocol === "http:" && isGiven("proxy.http")) ||
        (protocol === "https:" && isGiven("proxy.https"))
      )
        return undefined;
      const address = hostname.replace(/^\[|\]$/g, "");
      if (!isIP(address) || mayReach(egress, address)) return undefined;
      const fix =
        isIP(address) === 6
          ? "an IPv4 address or a name, since kubernetes.egress has IPv4 ranges alone"
          : "kubernetes.egress with it, such as { to: [0.0.0.0/0], except: [169.254.0.0/16] }";
      return `roles may not reach ${address}: expected ${fix}`;
    };
    return [
      ...faultAt(["dagsGit", "url"], dagsGit && problem(dagsGit.url)),
      ...dagBundles.flatMap(([at, { url }]) => faultAt(["dagBundles", at, "url"], problem(url))),
    ];
  },
);
