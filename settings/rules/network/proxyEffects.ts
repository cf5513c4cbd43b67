import { faultAt } from "../fault.ts";
import { entryFaults } from "../roles/entries.ts";
import { rule } from "../rule.ts";

function isExcepting(name: string): boolean {
  return name.toLowerCase() === "no_proxy";
}

/** Rejects variables of a proxy without the hosts to reach directly: tasks would ask the proxy for the webserver. */
const variables = rule(["roles.*.env.*"], ({ roles }, isGiven) =>
  isGiven("proxy")
    ? []
    : entryFaults(roles, "env", (name, value, { entries }) => {
        const isProxy = value !== "" && /^(http|https|all)_proxy$/i.test(name);
        const isDeliberate = Object.keys({ ...roles.all?.env, ...entries }).some(isExcepting);
        return isProxy && !isDeliberate
          ? "tasks would ask the proxy for the stack's webserver: expected proxy, which leaves out the stack's own hosts, or NO_PROXY beside it"
          : undefined;
      }),
);

/** Rejects hosts to reach directly without a proxy for the others. */
const pointless = rule(["proxy"], ({ proxy }) =>
  faultAt(
    ["proxy"],
    proxy && proxy.http === undefined && proxy.https === undefined
      ? "it has no effect: expected http, https or both, or no proxy"
      : undefined,
  ),
);

/** Rules about proxies without effect, or without exceptions. */
export const proxyEffectRules = [variables, pointless];
