import type { ParsedConfig, RawConfig } from "../../schema/schema.ts";
import type { Check, Fault } from "../fault.ts";

/** Returns the last port of the webservers: on Docker each further webserver has the next port. */
function lastPort({ platform, webserverPort, webservers }: ParsedConfig): number {
  return platform === "docker" ? webserverPort + webservers - 1 : webserverPort;
}

const range: Check = (parsed) => {
  const { webserverPort, webservers } = parsed;
  const last = lastPort(parsed);
  if (last <= 65_535) return [];
  const message = `${webservers} webservers have ports ${webserverPort} to ${last}: expected ${65_536 - webservers} at most`;
  return [{ path: ["webserverPort"], message }];
};

const flower: Check = ({ webserverPort, webservers, flowerPort }, given: RawConfig) => {
  if (flowerPort < webserverPort || flowerPort >= webserverPort + webservers) return [];
  const ports = `${webserverPort} to ${webserverPort + webservers - 1}`;
  const message = `the webserver has ports ${ports}, and Flower ${flowerPort}: expected different ones`;
  return [{ path: [given.flowerPort === undefined ? "webserverPort" : "flowerPort"], message }];
};

/** Rejects a gateway port that another service has; only several machines have gateways. */
const gateway: Check = (parsed, given: RawConfig): Fault[] => {
  const { platform, machines = [], webserverPort, flowerPort, gatewayPort } = parsed;
  if (platform !== "docker" || machines.length < 2) return [];
  const isWebserver = gatewayPort >= webserverPort && gatewayPort <= lastPort(parsed);
  if (!isWebserver && gatewayPort !== flowerPort) return [];
  const other = isWebserver ? "webserverPort" : "flowerPort";
  const message = `${isWebserver ? "the webserver" : "Flower"} has port ${gatewayPort} too: expected different ones`;
  return [{ path: [given.gatewayPort === undefined ? other : "gatewayPort"], message }];
};

export const portFaults: readonly Check[] = [range, flower, gateway];
