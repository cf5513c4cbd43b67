import type { Given, Stated } from "../schema.ts";
import type { Fault } from "./fault.ts";

/** A second webserver is published at the next port. */
export function portFaults({ webserverPort, webservers, flowerPort }: Stated, given: Given): Fault[] {
  if (flowerPort < webserverPort || flowerPort >= webserverPort + webservers) return [];
  const ports = `${webserverPort} to ${webserverPort + webservers - 1}`;
  const message = `the webserver has ports ${ports}, and Flower ${flowerPort}: allowed are different ones`;
  return [{ path: [given.flowerPort === undefined ? "webserverPort" : "flowerPort"], message }];
}
