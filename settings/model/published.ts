import { readFileSync } from "node:fs";
import type { PublishSettings } from "../schema/publish.ts";
import { certificatesIn, hostsOf } from "./certificates.ts";

/** Returns the host name that people use: `publish.host`, or the certificate's first name without a wildcard. */
export function publicHost({
  host,
  certificate,
}: Pick<PublishSettings, "host" | "certificate">): string | undefined {
  if (host !== undefined) return host;
  const [first] = certificatesIn(readFileSync(certificate, "utf8"));
  return first && hostsOf(first).find((name) => !name.startsWith("*"));
}

/** Returns the URL of a service that is published at a TLS port; 443 is left out. */
export function publishedUrl(publish: PublishSettings, port: number): string {
  return `https://${publicHost(publish)}${port === 443 ? "" : `:${port}`}`;
}
