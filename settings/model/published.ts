import { readFileSync } from "node:fs";
import type { PublishSettings } from "../schema/publish.ts";
import { certificatesIn, hostsOf } from "./certificates.ts";

/** Returns the machine's public name: `publish.host`, or the certificate's first name without a wildcard. */
export function publicHost({
  host,
  certificate,
}: Pick<PublishSettings, "host" | "certificate">): string | undefined {
  if (host !== undefined) return host;
  const [own] = certificatesIn(readFileSync(certificate, "utf8"));
  return own && hostsOf(own).find((name) => !name.startsWith("*"));
}

/** Returns the URL of a service that is published at a port. */
export function publishedUrl(publish: PublishSettings, port: number): string {
  return `https://${publicHost(publish)}${port === 443 ? "" : `:${port}`}`;
}
