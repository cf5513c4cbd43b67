import { capabilities } from "../../../capabilities.ts";
import { type Source, serviceUrls, textOf } from "../../model/sources.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** True if a URL leads to the program itself that opens it. */
function isLoopback(url: string): boolean {
  return /^[a-z0-9+]+:\/\/(.*@)?(localhost|127(\.\d+){3}|0\.0\.0\.0|\[::1?\])(?![\w.-])/i.test(url);
}

/** Lists the fault of a URL that a role opens. */
function fault(path: Fault["path"], url: string | undefined): Fault[] {
  const message =
    "each container is there itself: expected the name or the address of a host that containers reach, such as that of this machine in its network";
  return url !== undefined && isLoopback(url) ? faultAt(path, message) : [];
}

/** Rejects addresses at which a container finds itself alone; a pod may have a sidecar there. */
const plain = (["tracing.endpoint", "dagsGit.url", "proxy.http", "proxy.https"] as const).map((key) =>
  rule(["platform", key], ({ platform, ...parsed }) => {
    const path = key.split(".");
    const url = path.reduce<unknown>((at, step) => Object(at)[step], parsed);
    return capabilities[platform].manifests || typeof url !== "string" ? [] : fault(path, url);
  }),
);

const services = rule(["platform", "postgres.*", "redis.*"], ({ platform, ...parsed }) =>
  capabilities[platform].manifests
    ? []
    : serviceUrls(parsed).flatMap((source: Source) => fault(source.path, textOf(source))),
);

export const loopbackRules = [...plain, services];
