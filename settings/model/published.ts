import { readFileSync } from "node:fs";
import type { PublishSettings } from "../schema/publish.ts";
import { certificatesIn, hostsOf } from "./certificates.ts";
import type { Settings } from "./groups.ts";

/** Returns the host name that people use: `publish.host`, or the certificate's first name without a wildcard. */
export function publicHost({
  host,
  certificate,
}: Pick<PublishSettings, "host" | "certificate">): string | undefined {
  if (host !== undefined) return host;
  const [first] = certificatesIn(readFileSync(certificate, "utf8"));
  return first && hostsOf(first).find((name) => !name.startsWith("*"));
}

/** A service that people open in a browser, at ports of the loopback interface. */
export interface OpenedService {
  readonly service: "webserver" | "flower" | "monitoring";
  /** The first instance has the port, each other one the next. */
  readonly instances: number;
  readonly port: number;
}

/** Returns the path of the webserver below which Flower is, for people who log in at a provider; otherwise it has its own address. */
export function flowerPath({
  login,
  kubernetes,
}: Pick<Settings, "login" | "kubernetes">): string | undefined {
  const [, path = ""] = /^[^/]*(.*)$/.exec(kubernetes?.ingress?.webserver ?? "") ?? [];
  return login && `${path}/flower`;
}

/** Returns the URL of Flower at the loopback interface. */
export function localFlowerUrl(settings: Settings): string {
  const path = flowerPath(settings);
  return path === undefined
    ? `http://127.0.0.1:${settings.flowerPort}`
    : `http://127.0.0.1:${settings.webserverPort}${path}/`;
}

/** Lists the services of a stack that people open. */
export function openedServices(settings: Settings): OpenedService[] {
  const { webservers, webserverPort, flowerPort, monitoringPort, monitoring } = settings;
  return [
    { service: "webserver", instances: webservers, port: webserverPort },
    { service: "flower", instances: 1, port: flowerPort },
    ...(monitoring ? [{ service: "monitoring", instances: 1, port: monitoringPort } as const] : []),
  ];
}

/** Returns the URL of a service that is published at a TLS port; 443 is left out. */
export function publishedUrl(publish: PublishSettings, port: number): string {
  return `https://${publicHost(publish)}${port === 443 ? "" : `:${port}`}`;
}
