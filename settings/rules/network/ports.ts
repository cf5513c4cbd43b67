import { capabilities } from "../../../capabilities.ts";
import type { ParsedConfig } from "../../schema/schema.ts";
import type { Fault } from "../fault.ts";
import { type IsGiven, rule } from "../rule.ts";

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

const services = { gatewayPort: "the gateway", monitoringPort: "the monitoring" } as const;

/** Lists the fault of a port that the webserver or Flower has too; without the port's own key, that of the other. */
function clash(
  key: "gatewayPort" | "monitoringPort",
  port: number,
  parsed: Pick<ParsedConfig, (typeof webserver)[number] | "flowerPort">,
  isGiven: IsGiven,
): Fault[] {
  const isWebserver = port >= parsed.webserverPort && port <= lastPort(parsed);
  if (!isWebserver && port !== parsed.flowerPort) return [];
  const other = isWebserver ? "webserverPort" : "flowerPort";
  const [at, owner] = isGiven(key) ? [key, isWebserver ? "the webserver" : "Flower"] : [other, services[key]];
  return [{ path: [at], message: `${owner} has port ${port} too: expected different ports` }];
}

/** Rejects a gateway port that another service has; only several machines have gateways. */
const gateway = rule([...webserver, "flowerPort", "gatewayPort", "machines.name"], (parsed, isGiven) => {
  const { platform, machines = [], gatewayPort } = parsed;
  if (!capabilities[platform].engines || machines.length < 2) return [];
  return clash("gatewayPort", gatewayPort, parsed, isGiven);
});

/** Rejects a port of the monitoring that another service has. */
const monitoring = rule([...webserver, "flowerPort", "monitoringPort", "monitoring"], (parsed, isGiven) =>
  parsed.monitoring ? clash("monitoringPort", parsed.monitoringPort, parsed, isGiven) : [],
);

export const portRules = [range, flower, gateway, monitoring];
