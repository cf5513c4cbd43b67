import { readFileSync } from "node:fs";
import { capabilities } from "../../../capabilities.ts";
import { within } from "../../model/addresses.ts";
import { certificateProblem } from "../../model/certificates.ts";
import { kubernetesDefaults } from "../../schema/kubernetes.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Rejects files that are not valid certificates of authorities. */
const authorities = rule(["caCertificates.*"], ({ caCertificates }) =>
  caCertificates.flatMap(([at, file]) => {
    const why = certificateProblem(readFileSync(file, "utf8"));
    const message = `${why}: expected a file with certificates in PEM that are valid now, and nothing else`;
    return faultAt(["caCertificates", at], why && message);
  }),
);

/** Rejects a proxy that the network policies of a cluster block. */
const proxies = rule(["platform", "proxy.*", "extraHosts.*", "kubernetes.egress"], (parsed) => {
  const { platform, proxy = {}, extraHosts, kubernetes = kubernetesDefaults } = parsed;
  if (!capabilities[platform].egress) return [];
  const { to, except } = kubernetes.egress;
  return (["http", "https"] as const).flatMap((key) => {
    const { [key]: url = "" } = proxy;
    const [, host = ""] = /^https?:\/\/([^:]+)/.exec(url) ?? [];
    const address = extraHosts[host] ?? host;
    if (!/^\d+(\.\d+){3}$/.test(address)) return [];
    if (to.some((range) => within(address, range)) && !except.some((range) => within(address, range)))
      return [];
    const message = `kubernetes.egress blocks roles from ${address}: expected a proxy in one of egress.to, and in none of egress.except`;
    return [{ path: ["proxy", key], message }];
  });
});

export const proxyAndAuthorityRules = [authorities, proxies];
