import { capabilities } from "../../../capabilities.ts";
import { isNoHost, within } from "../../model/addresses.ts";
import { defaultVersion, majorOf } from "../../schema/versions.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

const path = ["trustedProxies"];

const place = rule(["platform"], ({ platform }, isGiven) => {
  if (!isGiven("trustedProxies")) return [];
  if (!capabilities[platform].loopback)
    return [{ path, message: "a cluster has an ingress for that: expected kubernetes.ingress" }];
  const message =
    "publish puts a proxy of its own in front of the webserver, which forwards nobody's headers: expected either trustedProxies or publish";
  return isGiven("publish") ? [{ path, message }] : [];
});

const version = rule(["version"], ({ version }, isGiven) => {
  const message = `Airflow 2 trusts the headers of every client or of none: expected version ${defaultVersion}, or settings.webserver.enable_proxy_fix: true`;
  return isGiven("trustedProxies") && majorOf(version) === "2" ? [{ path, message }] : [];
});

/** Returns a range with its first address: `10.0.0.0/8` for `10.1.2.3/8`. */
function baseOf(range: string): string {
  const [address = "", length = "32"] = range.split("/");
  const kept = address.split(".").map((octet, at) => {
    const bits = Math.min(8, Math.max(0, Number(length) - 8 * at));
    return Number(octet) & (0xff << (8 - bits));
  });
  return `${kept.join(".")}/${length}`;
}

/** Fault of a range that is wider than any network of one owner. */
export const tooWide = "the webserver would trust too many addresses: expected the addresses of the proxy";

function problem(range: string): string | undefined {
  if (range.endsWith("/0")) return tooWide;
  if (within(range, "127.0.0.0/8"))
    return "a proxy of this machine reaches the webserver from the gateway of the stack's network: expected its address, as `docker network inspect` prints it";
  if (range.includes("/") && baseOf(range) !== range)
    return `no range begins there, and the webserver would trust nobody: expected ${baseOf(range)}, or an address`;
  return isNoHost(range) ? "no proxy has such an address: expected the address of the proxy" : undefined;
}

const addresses = rule(["trustedProxies"], ({ trustedProxies }) =>
  trustedProxies.flatMap((range, at) => faultAt([...path, at], problem(range))),
);

export const trustedProxyRules = [place, version, addresses];
