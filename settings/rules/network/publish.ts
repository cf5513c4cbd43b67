import type { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { capabilities } from "../../../capabilities.ts";
import { isNoHost } from "../../model/addresses.ts";
import { certificateProblem, certificatesIn, isFor, keyProblem } from "../../model/certificates.ts";
import { publicHost } from "../../model/published.ts";
import { textOf } from "../../model/sources.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

const ability = rule(["platform"], ({ platform }, isGiven) =>
  isGiven("publish") && !capabilities[platform].publish
    ? [{ path: ["publish"], message: "a cluster has an ingress for that: expected kubernetes.ingress" }]
    : [],
);

/** Rejects addresses that no machine has: of a group of machines, or of a network. */
export const publishAddressRule = rule(["publish.address"], ({ publish }) => {
  const { address = "" } = publish ?? {};
  const isOfMachine = !isNoHost(address) || address === "0.0.0.0" || address.startsWith("127.");
  const message = "no machine has it: expected an IPv4 address of the machine, or 0.0.0.0 for all of them";
  return faultAt(["publish", "address"], isOfMachine ? undefined : message);
});

const certificate = rule(["publish.certificate"], ({ publish }) => {
  const problem = publish && certificateProblem(readFileSync(publish.certificate, "utf8"));
  const message = `${problem}: expected a certificate and those that lead to its authority, in PEM, valid now, with the key in a file of its own`;
  return faultAt(["publish", "certificate"], problem && message);
});

/** Returns the first certificate in a file; undefined if another rule reports the file. */
function certificateIn(file: string): X509Certificate | undefined {
  const pem = readFileSync(file, "utf8");
  return certificateProblem(pem) === undefined ? certificatesIn(pem)[0] : undefined;
}

/** Checks the private key; a key that is encrypted or in a cluster is checked during the deployment. */
const key = rule(["publish.certificate", "publish.key"], ({ publish }) => {
  const leaf = publish && certificateIn(publish.certificate);
  const text = textOf(publish?.key);
  const problem = text === undefined || !leaf ? undefined : keyProblem(text, leaf);
  const message = problem && `${problem}: expected the key of publish.certificate, in PEM`;
  return faultAt(["publish", "key"], message, "[secret]");
});

const host = rule(["publish.certificate", "publish.host"], ({ publish }) => {
  const leaf = publish && certificateIn(publish.certificate);
  if (!leaf) return [];
  const name = publicHost(publish);
  const path = ["publish", "host"];
  if (name !== undefined && isFor(leaf, name)) return [];
  const problem =
    name === undefined
      ? "the certificate names no host to use instead"
      : `the certificate is valid only for ${leaf.subjectAltName ?? "no host"}`;
  return faultAt(path, `${problem}: expected a name that the certificate is valid for`);
});

const portParts = [
  "publish.address",
  "publish.webserverPort",
  "publish.flowerPort",
  "publish.monitoringPort",
  "monitoring",
  "monitoringPort",
  "webserverPort",
  "webservers",
  "flowerPort",
  "gatewayPort",
  "machines.address",
] as const;

/** Rejects published ports that another service has at the same address. */
const ports = rule(portParts, (parsed) => {
  const { publish, webserverPort, webservers, flowerPort, gatewayPort, machines = [] } = parsed;
  if (!publish) return [];
  const { monitoring, monitoringPort } = parsed;
  const { address } = publish;
  const coversAll = address === "0.0.0.0";
  const coversLoopback = coversAll || address.startsWith("127.");
  const hasGateway =
    machines.length > 1 && (coversAll || machines.some((machine) => machine.address === address));
  const holderOf = (port: number): string | undefined => {
    if (coversLoopback && port >= webserverPort && port < webserverPort + webservers)
      return "the webserver, at 127.0.0.1";
    if (coversLoopback && port === flowerPort) return "Flower, at 127.0.0.1";
    if (coversLoopback && monitoring && port === monitoringPort) return "the monitoring, at 127.0.0.1";
    return hasGateway && port === gatewayPort ? "the gateway" : undefined;
  };
  const clash = (name: string, service: string | undefined) =>
    faultAt(["publish", name], service && `${service} has this port too: expected another one`);
  return [
    ...clash("webserverPort", holderOf(publish.webserverPort)),
    ...clash("flowerPort", holderOf(publish.flowerPort)),
    ...clash("flowerPort", publish.webserverPort === publish.flowerPort ? "the webserver" : undefined),
    ...(monitoring
      ? [
          ...clash("monitoringPort", holderOf(publish.monitoringPort)),
          ...clash(
            "monitoringPort",
            [publish.webserverPort, publish.flowerPort].includes(publish.monitoringPort)
              ? "another published service"
              : undefined,
          ),
        ]
      : []),
  ];
});

export const publishRules = [ability, ports];

/** Rules about the contents of the certificate's file and its key's. */
export const publishFileRules = [certificate, key, host];
