import { capabilities } from "../../../capabilities.ts";
import type { ParsedConfig } from "../../schema/schema.ts";
import { rule } from "../rule.ts";

const webserver = ["platform", "webserverPort", "webservers"] as const;

/** Returns the last port of the webservers: on Docker each further webserver has the next port. */
function lastPort({
  platform,
  webserverPort,
  webservers,
}: Pick<ParsedConfig, (typeof webserver)[number]>): number {
  return capabilities[platform].loopback ? webserverPort + webservers - 1 : webserverPort;
}

const range = rule(webserver, (parsed) => {
  const { webserverPort, webservers } = parsed;
  const last = lastPort(parsed);
  if (last <= 65_535) return [];
  const message = `${webservers} webservers have ports ${webserverPort} to ${last}: expected ${65_536 - webservers} at most`;
  return [{ path: ["webserverPort"], message }];
});

const flower = rule(["webserverPort", "webservers", "flowerPort"], (parsed, isGiven) => {
  const { webserverPort, webservers, flowerPort } = parsed;
  if (flowerPort < webserverPort || flowerPort >= webserverPort + webservers) return [];
  const ports = `${webserverPort} to ${webserverPort + webservers - 1}`;
  const message = `the webserver has ports ${ports}, and Flower ${flowerPort}: expected different ports`;
  return [{ path: [isGiven("flowerPort") ? "flowerPort" : "webserverPort"], message }];
});

/** Rejects a gateway port that another service has; only several machines have gateways. */
const gateway = rule([...webserver, "flowerPort", "gatewayPort", "machines.name"], (parsed, isGiven) => {
  const { platform, machines = [], webserverPort, flowerPort, gatewayPort } = parsed;
  if (!capabilities[platform].engines || machines.length < 2) return [];
  const isWebserver = gatewayPort >= webserverPort && gatewayPort <= lastPort(parsed);
  if (!isWebserver && gatewayPort !== flowerPort) return [];
  const other = isWebserver ? "webserverPort" : "flowerPort";
  const message = `${isWebserver ? "the webserver" : "Flower"} has port ${gatewayPort} too: expected different ports`;
  return [{ path: [isGiven("gatewayPort") ? "gatewayPort" : other], message }];
});

/** Rejects a port of the monitoring that another service has. */
const monitoring = rule([...webserver, "flowerPort", "monitoringPort", "monitoring"], (parsed, isGiven) => {
  const { webserverPort, flowerPort, monitoringPort, monitoring: monitors } = parsed;
  if (!monitors) return [];
  const isWebserver = monitoringPort >= webserverPort && monitoringPort <= lastPort(parsed);
  if (!isWebserver && monitoringPort !== flowerPort) return [];
  const other = isWebserver ? "webserverPort" : "flowerPort";
  const message = `${isWebserver ? "the webserver" : "Flower"} has port ${monitoringPort} too: expected different ports`;
  return [{ path: [isGiven("monitoringPort") ? "monitoringPort" : other], message }];
});

export const portRules = [range, flower, gateway, monitoring];
