import type { Allowance } from "./facts.ts";

function allowance(about: RegExp, docker: RegExp, kubernetes: RegExp, reason: string): Allowance {
  return { about, docker, kubernetes, reason };
}

/** What may differ between a container and its pod. */
export const allowed: readonly Allowance[] = [
  allowance(
    /^env HOSTNAME$/,
    /^[a-z-]+$/,
    /^[a-z0-9-]+$/,
    "it is the address that the instance has for itself",
  ),
  allowance(
    /^env KUBERNETES_(SERVICE|PORT)_?/,
    /^\(absent\)$/,
    /^(10\.96\.0\.1|443|tcp|tcp:\/\/10\.96\.0\.1:443)$/,
    "it is the address of the API server, which kubelet tells every pod; policies keep all of them from it",
  ),
  allowance(
    /^env AIRFLOW__API__BASE_URL$/,
    /^\(absent\)$/,
    /^https:\/\/airflow\.example\.com$/,
    "it is the address of the ingress, which an engine does not have",
  ),
  allowance(
    /^stop: seconds before the signal$/,
    /^0$/,
    /^5$/,
    "until then every node has taken the pod's address off its list",
  ),
];
