import type { Settings } from "../../settings/model/groups.ts";
import { instances, isInside, type Platform, type Target, type Values } from "../../workload.ts";

/** Proxy through which roles reach addresses outside the stack. */
export interface OutboundProxy {
  readonly proxy: NonNullable<Settings["proxy"]>;
  /** Domain suffixes that the names of the stack's services may have. */
  readonly domains: readonly string[];
  /** Names of the instances that are reached by their own name, by service. */
  readonly instances: Readonly<Record<string, readonly string[]>>;
}

/** Collects the proxy of a stack with the names inside it; undefined without a proxy. */
export function outboundProxyOf(platform: Platform, { proxy, groups }: Settings): OutboundProxy | undefined {
  if (!proxy) return;
  const byGroup = groups.map((group) => [group.name, instances(group.name, { replicas: group.workers })]);
  return {
    proxy,
    domains: platform.domains,
    instances: platform.namesInstances ? Object.fromEntries(byGroup) : {},
  };
}

/** Lists the hosts that skip the proxy: the container itself, the workload's targets in the stack, and `no`. */
function direct({ proxy, domains, ...outbound }: OutboundProxy, reaches: readonly Target[]): string {
  const inside = reaches.filter(isInside).flatMap(({ host }) => [host, ...(outbound.instances[host] ?? [])]);
  return [...new Set(["localhost", "127.0.0.1", "::1", ...inside, ...domains, ...proxy.no])].join();
}

/** Returns the proxy variables of a role, in upper and in lower case: programs read either. */
export function proxyVariables(outbound: OutboundProxy, reaches: readonly Target[]): Values {
  const { http, https } = outbound.proxy;
  const upper = { HTTP_PROXY: http, HTTPS_PROXY: https, NO_PROXY: direct(outbound, reaches) };
  const both = Object.entries(upper).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const, [name.toLowerCase(), value] as const],
  );
  return Object.fromEntries(both);
}
