import { isIP } from "node:net";
import { capabilities } from "../../../capabilities.ts";
import { authoritiesProblem } from "../../model/certificates.ts";
import { kubernetesDefaults } from "../../schema/kubernetes.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { mayReach } from "./egress.ts";

/** Rejects files that are not valid certificates of authorities. */
const authorities = rule(["caCertificates.*"], ({ caCertificates }) =>
  caCertificates.flatMap(([at, file]) => faultAt(["caCertificates", at], authoritiesProblem(file))),
);

/** Rejects a proxy that the network policies of a cluster block. */
const proxies = rule(["platform", "proxy.*", "extraHosts.*", "kubernetes.egress"], (parsed) => {
  const { platform, proxy = {}, extraHosts, kubernetes = kubernetesDefaults } = parsed;
  if (!capabilities[platform].egress) return [];
  return (["http", "https"] as const).flatMap((key) => {
    const { [key]: url = "" } = proxy;
    const [, host = ""] = /^https?:\/\/([^:]+)/.exec(url) ?? [];
    const address = extraHosts[host] ?? host;
    if (isIP(address) !== 4 || mayReach(kubernetes.egress, address)) return [];
    const message = `kubernetes.egress blocks roles from ${address}: expected a proxy in one of egress.to, and in none of egress.except`;
    return [{ path: ["proxy", key], message }];
  });
});

export const proxyAndAuthorityRules = [authorities, proxies];
