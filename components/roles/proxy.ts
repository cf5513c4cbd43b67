import { type Settings, triggerersOf } from "../../settings/model/groups.ts";
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
export function outboundProxyOf(platform: Platform, settings: Settings): OutboundProxy | undefined {
  const { proxy, groups, triggerers } = settings;
  if (!proxy) return;
  const numbered = [
    ...groups.map(({ name, workers }) => [name, workers] as const),
    ...triggerersOf(groups).map(({ name, count }) => [name, count] as const),
    ...(triggerers > 1 ? [["triggerer", triggerers] as const] : []),
  ];
  const named = numbered.map(([name, replicas]) => [name, instances(name, { replicas })]);
  return {
    proxy,
    domains: platform.domains,
    instances: platform.namesInstances ? Object.fromEntries(named) : {},
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
