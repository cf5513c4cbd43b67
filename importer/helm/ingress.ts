import { handled, type Item, type Outcome, type Target, taken, unsupported } from "../rule.ts";
import type { Path } from "../source.ts";
import { off, type Values } from "./values.ts";

/** True if an ingress is on; the API server's replaces the webserver's. */
function ingressOf(values: Values, name: string): boolean {
  const isOn = (which: string) =>
    values(`ingress.${which}.enabled`) === true || values("ingress.enabled") === true;
  if (name !== "web" || !isOn("apiServer")) return isOn(name);
  return false;
}

function hostPath(name: string): Path {
  return ["kubernetes", "ingress", name === "flower" ? "flower" : "webserver"];
}

export function ingress(part: "class" | "tlsSecret" | "host") {
  return ({ match: [name = ""], value }: Item, values: Values): Outcome => {
    if (!ingressOf(values, name)) return off;
    return taken(part === "host" ? hostPath(name) : ["kubernetes", "ingress", part], value);
  };
}

interface Host {
  readonly name?: string;
  readonly tls?: { readonly secretName?: string };
}

/** Reads a host name, or an object with a name and its TLS secret. */
export const ingressHost = ({ match: [name = "", index], value }: Item, values: Values): Outcome => {
  if (!ingressOf(values, name)) return off;
  if (index !== "0") return unsupported("the stack has one host name for it");
  const { name: host, tls }: Host = typeof value === "string" ? { name: value } : (value as Host);
  const secretOf: Target[] = tls?.secretName
    ? [{ path: ["kubernetes", "ingress", "tlsSecret"], value: tls.secretName }]
    : [];
  return { kind: "taken", targets: [{ path: hostPath(name), value: host }, ...secretOf] };
};

export const ingressSwitch = ({ match: [name = ""] }: Item, values: Values): Outcome =>
  ingressOf(values, name) ? handled("kubernetes.ingress is what turns it on") : off;
