import { type ConvertedKey, handled, type Item, type Outcome, taken, unsupported } from "../rule.ts";
import type { SourcePath } from "../source.ts";
import { takeAnnotations } from "./pods.ts";
import { off, type ValueLookup, versionIn } from "./values.ts";

function isOn(values: ValueLookup, name: string): boolean {
  return values(`ingress.${name}.enabled`) === true || values("ingress.enabled") === true;
}

function hasHost(values: ValueLookup, name: string): boolean {
  const hosts = values(`ingress.${name}.hosts`);
  return Boolean(values(`ingress.${name}.host`)) || (Array.isArray(hosts) && hosts.length > 0);
}

/** Returns the name of the webserver's ingress: the chart has one for each major version of Airflow, and uses one of them. */
function webserverIngress(values: ValueLookup): string | undefined {
  const names = versionIn(values).startsWith("2.") ? ["web", "apiServer"] : ["apiServer", "web"];
  const on = names.filter((name) => isOn(values, name));
  return on.find((name) => hasHost(values, name)) ?? on[0];
}

/** True if the chart uses an ingress. */
function isUsed(values: ValueLookup, name: string): boolean {
  return name === "web" || name === "apiServer" ? webserverIngress(values) === name : isOn(values, name);
}

function hostPath(name: string): SourcePath {
  return ["kubernetes", "ingress", name === "flower" ? "flower" : "webserver"];
}

/** Returns the path of an ingress, without a slash at its end; empty if it is the whole host. */
function pathOf(values: ValueLookup, name: string): string {
  return String(values(`ingress.${name}.path`) ?? "").replace(/\/+$/, "");
}

function takesPath(values: ValueLookup, name: string): boolean {
  return name === "flower" || !versionIn(values).startsWith("2.");
}

/** Returns a host name with the path of its ingress, if the stack's key takes one. */
function hostOf(values: ValueLookup, name: string, host: unknown): unknown {
  return typeof host === "string" && takesPath(values, name) ? host + pathOf(values, name) : host;
}

export const ingressPath = ({ match: [name = ""] }: Item, values: ValueLookup): Outcome => {
  if (!isUsed(values, name)) return off;
  if (pathOf(values, name) === "") return handled("it is published at /");
  return takesPath(values, name)
    ? handled("kubernetes.ingress has it behind the host name")
    : unsupported("Airflow 2 is published at /: expected a host name of its own");
};

export function chartIngress(part: "class" | "tlsSecret" | "host") {
  return ({ match: [name = ""], value }: Item, values: ValueLookup): Outcome => {
    if (!isUsed(values, name)) return off;
    return part === "host"
      ? taken(hostPath(name), hostOf(values, name, value))
      : taken(["kubernetes", "ingress", part], value);
  };
}

export const ingressAnnotations = ({ match: [name = ""], value }: Item, values: ValueLookup): Outcome =>
  isUsed(values, name) ? takeAnnotations(["kubernetes", "ingress", "annotations"], value) : off;

interface Host {
  readonly name?: string;
  readonly tls?: { readonly secretName?: string };
}

/** Reads a host name, or an object with a name and its TLS secret. */
export const ingressHost = ({ match: [name = "", index], value }: Item, values: ValueLookup): Outcome => {
  if (!isUsed(values, name)) return off;
  if (index !== "0") return unsupported("the stack has one host name for it");
  const { name: host, tls }: Host = typeof value === "string" ? { name: value } : (value as Host);
  const secretOf: ConvertedKey[] = tls?.secretName
    ? [{ path: ["kubernetes", "ingress", "tlsSecret"], value: tls.secretName }]
    : [];
  return {
    kind: "taken",
    targets: [{ path: hostPath(name), value: hostOf(values, name, host) }, ...secretOf],
  };
};

const turnsOn = handled("kubernetes.ingress turns it on");
const hostless = unsupported("it is on without a host name: give kubernetes.ingress");

export const ingressSwitch = ({ match: [name = ""] }: Item, values: ValueLookup): Outcome => {
  if (!isUsed(values, name)) return off;
  return hasHost(values, name) ? turnsOn : hostless;
};

/** Imports the switch of all ingresses. */
export const everyIngress = ({ value }: Item, values: ValueLookup): Outcome => {
  if (value !== true) return off;
  return ["web", "apiServer", "flower"].some((name) => hasHost(values, name)) ? turnsOn : hostless;
};

/** Imports a Service, of which only its type has a meaning outside of the cluster. */
export const service = ({ value }: Item): Outcome =>
  /^(LoadBalancer|NodePort)$/.test(Object(value).type)
    ? unsupported("Services are reached inside of the cluster alone: expected kubernetes.ingress")
    : handled("the stack has Services of its own");
