import type { Settings } from "../../settings/model/groups.ts";
import { instances, isInside, type Platform, type Target, type Values } from "../../workload.ts";

/** How roles get outside. */
export interface Ways {
  readonly proxy: NonNullable<Settings["proxy"]>;
  /** Domains that the names of the stack's services may have at their end. */
  readonly domains: readonly string[];
  /** Names of instances that are called by their own, by the name of their service. */
  readonly instances: Readonly<Record<string, readonly string[]>>;
}

/** Nothing, where a stack has no proxy. */
export function waysOf(platform: Platform, { proxy, groups }: Settings): Ways | undefined {
  if (!proxy) return;
  const named = groups.map((group) => [group.name, instances(group.name, { replicas: group.workers })]);
  return {
    proxy,
    domains: platform.domains,
    instances: platform.namesInstances ? Object.fromEntries(named) : {},
  };
}

/** What never goes through it: the container itself, and what the workload reaches in the stack. */
function direct({ proxy, domains, instances: named }: Ways, reaches: readonly Target[]): string {
  const inside = reaches.filter(isInside).flatMap(({ host }) => [host, ...(named[host] ?? [])]);
  return [...new Set(["localhost", "127.0.0.1", "::1", ...inside, ...domains, ...proxy.no])].join();
}

/** Variables that lead a role outside: programs read them in upper or in lower case. */
export function withProxy(ways: Ways, reaches: readonly Target[]): Values {
  const { http, https } = ways.proxy;
  const named = { HTTP_PROXY: http, HTTPS_PROXY: https, NO_PROXY: direct(ways, reaches) };
  const both = Object.entries(named).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const, [name.toLowerCase(), value] as const],
  );
  return Object.fromEntries(both);
}
