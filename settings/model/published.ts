import { readFileSync } from "node:fs";
import type { PublishSettings } from "../schema/publish.ts";
import { certificatesIn, hostsOf } from "./certificates.ts";

/** What people call the machine by: what the stack says, or the first name of its certificate. */
export function publicHost({ host, certificate }: PublishSettings): string | undefined {
  if (host !== undefined) return host;
  const [own] = certificatesIn(readFileSync(certificate, "utf8"));
  return own && hostsOf(own).find((name) => !name.startsWith("*"));
}

/** Where people find something that is published at a port. */
export function publishedUrl(publish: PublishSettings, port: number): string {
  return `https://${publicHost(publish)}${port === 443 ? "" : `:${port}`}`;
}
