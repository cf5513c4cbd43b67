import { entryFaults } from "../roles/entries.ts";
import { rule } from "../rule.ts";

function isExcepting(name: string): boolean {
  return name.toLowerCase() === "no_proxy";
}

/** Rejects variables of a proxy without the hosts to reach directly: tasks would ask the proxy for the webserver. */
export const proxyVariableRule = rule(["roles.*.env.*"], ({ roles }, isGiven) =>
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
