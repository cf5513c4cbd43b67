import type { Allowance } from "./facts.ts";

function allowance(about: RegExp, docker: RegExp, kubernetes: RegExp, reason: string): Allowance {
  return { about, docker, kubernetes, reason };
}

/** Allowed differences in a workload's environment and guarantees. */
const always: readonly Allowance[] = [
  allowance(
    /^env AIRFLOW__API__BASE_URL$/,
    /^(\(absent\)|http:\/\/127\.0\.0\.1:\d+)$/,
    /^https:\/\/airflow\.example\.com$/,
    "it is the address of the ingress, which an engine does not have",
  ),
  allowance(
    /^env AIRFLOW_ON_ONE_MACHINE$/,
    /^true$/,
    /^\(absent\)$/,
    "workers of a single machine are suspended together with their schedulers; nodes are not",
  ),
  allowance(
    /^env FORWARDED_ALLOW_IPS$/,
    /^\(absent\)$/,
    /^\*$/,
    "the ingress names the client and the scheme, and is all that is let in beside roles of the stack",
  ),
  allowance(
    /^stop: seconds before the signal$/,
    /^0$/,
    /^5$/,
    "until then every node has taken the pod's address off its list",
  ),
  allowance(
    /^ready: seconds between checks$/,
    /^\(absent\)$/,
    /^20$/,
    "a service leads to healthy pods only; the names of an engine lead to a container, healthy or not",
  ),
  allowance(
    /^ready: checks that fail before nothing is sent there$/,
    /^\(absent\)$/,
    /^1$/,
    "as above; pods of the same service take over at once",
  ),
  allowance(
    /^file \/opt\/monitoring\/settings\.json$/,
    /"volumes":{"logs":\["[^"]+"\],"engine":\["\/","\/etc\/hosts"\]}/,
    /"volumes":{"logs":\["[^"]+"\]}/,
    "an engine's volumes share its disk, which the exporter watches; in a cluster each volume has a size of its own",
  ),
  allowance(
    /^file \/opt\/monitoring\/rules\.json$/,
    /^((?!DatabaseLarge).)*$/s,
    /"alert": "DatabaseLarge"/,
    "as above; the exporter knows no disk of Postgres in a cluster",
  ),
  allowance(
    /^command/,
    /monitoring\/start\.sh.*\b20480MB\W*$/,
    /monitoring\/start\.sh.*\b\d+MB\W*$/,
    "as above; series may take most of their volume",
  ),
];

/** Allowed differences between a container and its pod, as their processes see them. */
export const allowedInside: readonly Allowance[] = [
  ...always,
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
];

/** Allowed differences between the requests to the engine and to the cluster. */
export const allowedDeclared: readonly Allowance[] = [
  ...always,
  allowance(
    /^in front of the command$/,
    /^$/,
    /^sh -c find \/dev\/shm -mindepth 1 -delete; unset PWD; exec "\$@" sh$/,
    "memory of a pod outlives its containers; the shell becomes the command, which is process 1",
  ),
  allowance(
    /^process 1$/,
    /^an init$/,
    /^the command$/,
    "a check inside a container cannot kill process 1; a node's kubelet kills it from outside",
  ),
  allowance(
    /^scratch \/[\w/]+$/,
    /^\(absent\)$/,
    /^writable$/,
    "it is a mount where the root file system is read-only, and a part of that where it is not",
  ),
  allowance(
    /^root file system$/,
    /^writable$/,
    /^read-only$/,
    "an engine delivers files by writing to the root file system; roles write to their mounts on both",
  ),
];
