import { isIP } from "node:net";
import { capabilities } from "../../../capabilities.ts";
import { within } from "../../model/addresses.ts";
import { internet, type KubernetesSettings } from "../../schema/kubernetes.ts";
import { rule } from "../rule.ts";

/** True if roles may reach an address outside the stack; ranges are of IPv4 addresses alone. */
export function mayReach({ to, except }: KubernetesSettings["egress"], address: string): boolean {
  const covers = (ranges: readonly string[]) => ranges.some((range) => within(address, range));
  return isIP(address) === 4 && covers(to) && !covers(except);
}

/** Rejects a repository at an address that roles may not reach; a name may be of any address, and a proxy reaches others. */
export const egressRule = rule(
  ["platform", "dagsGit.url", "kubernetes.egress"],
  ({ platform, dagsGit, kubernetes }, isGiven) => {
    if (!dagsGit || !capabilities[platform].egress) return [];
    const { protocol, hostname } = new URL(dagsGit.url);
    if ((protocol === "http:" && isGiven("proxy.http")) || (protocol === "https:" && isGiven("proxy.https")))
      return [];
    const address = hostname.replace(/^\[|\]$/g, "");
    if (!isIP(address) || mayReach(kubernetes?.egress ?? internet, address)) return [];
    const fix =
      isIP(address) === 6
        ? "an IPv4 address or a name, since kubernetes.egress has IPv4 ranges alone"
        : "kubernetes.egress with it, such as { to: [0.0.0.0/0], except: [169.254.0.0/16] }";
    const message = `roles may not reach ${address}: expected ${fix}`;
    return [{ path: ["dagsGit", "url"], message }];
  },
);
