import { airflowOption } from "../../model/airflowOptions.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

function problem(value: string): string | undefined {
  const url = URL.parse(value);
  if (!url || !/^https?:$/.test(url.protocol)) return "expected http://HOST:PORT or https://HOST:PORT";
  if (!/^\/?$/.test(url.pathname))
    return "health checks, tasks and the stack's commands ask the webserver without a path: expected none, or kubernetes.ingress.webserver, a host name with a path";
  return;
}

/** Rejects a public address of the webserver with a path, under which nothing inside the stack would find it. */
export const addressRules = (["api.base_url", "webserver.base_url"] as const).map((name) =>
  rule([`settings.${name}`], (parsed) => {
    const given = airflowOption(parsed, name);
    return given ? faultAt(given.path, problem(given.value)) : [];
  }),
);
