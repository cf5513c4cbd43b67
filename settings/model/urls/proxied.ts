import { within } from "../addresses.ts";

/** Proxies of a stack, by scheme, and the hosts, domains, addresses and ranges to reach directly. */
interface Proxies {
  readonly http?: string | undefined;
  readonly https?: string | undefined;
  readonly no?: readonly string[] | undefined;
}

/** Returns the proxy for a URL, by its scheme and host; undefined if its host is reached directly. */
export function proxyFor(url: string, { http, https, no = [] }: Proxies): string | undefined {
  const { protocol, hostname, host } = new URL(url);
  const isAddress = /^[\d.]+$/.test(hostname);
  const isDirect = no.some((entry) => {
    if (entry === "*" || [hostname, host].includes(entry.toLowerCase())) return true;
    if (isAddress) return entry.includes("/") && within(hostname, entry);
    return hostname.endsWith(`.${entry.toLowerCase().replace(/^\./, "")}`);
  });
  if (isDirect) return undefined;
  return protocol === "https:" ? https : protocol === "http:" ? http : undefined;
}
