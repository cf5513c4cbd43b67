import { textOf } from "../../model/sources.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Rejects URLs that Alertmanager would not start with. */
const urls = (["webhook", "slack", "watchdog"] as const).map((key) =>
  rule([`monitoring.alerts.${key}`], ({ monitoring }) => {
    // An empty file is reported as such.
    const url = textOf(monitoring?.alerts?.[key]) || undefined;
    if (url === undefined || (/^https?:\/\/[^\s/]\S*$/.test(url) && URL.canParse(url))) return [];
    const message =
      "it is not a URL: expected http:// or https:// with a host, on one line without white space";
    return faultAt(["monitoring", "alerts", key], message);
  }),
);

/** Requires both parts of a login at the mail server. */
const login = rule([], (_, isGiven) => {
  const [user, password] = (["user", "password"] as const).map((key) =>
    isGiven(`monitoring.alerts.email.${key}`),
  );
  if (user === password) return [];
  const [absent, given] = user ? ["password", "user"] : ["user", "password"];
  return faultAt(["monitoring", "alerts", "email", absent], `monitoring.alerts.email.${given} needs it`);
});

export const alertLoginRules = [login];
export const alertContentRules = urls;
