import { isIP } from "node:net";
import { capabilities } from "../../../capabilities.ts";
import { within } from "../../model/addresses.ts";
import { internet } from "../../schema/kubernetes.ts";
import { rule } from "../rule.ts";

function covers(ranges: readonly string[], address: string): boolean {
  return isIP(address) === 4 && ranges.some((range) => within(address, range));
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
    const { to, except } = kubernetes?.egress ?? internet;
    if (!isIP(address) || (covers(to, address) && !covers(except, address))) return [];
    const fix =
      isIP(address) === 6
        ? "an IPv4 address or a name, since kubernetes.egress has IPv4 ranges alone"
        : "kubernetes.egress with it, such as { to: [0.0.0.0/0], except: [169.254.0.0/16] }";
    const message = `roles may not reach ${address}: expected ${fix}`;
    return [{ path: ["dagsGit", "url"], message }];
  },
);
