import type { types } from "@pulumi/kubernetes";
import type { Health } from "../../workload.ts";
import { checks, longestStart, progress } from "../checks.ts";

type Container = types.input.core.v1.Container;

/** Seconds for one run of a startup probe, which ends by itself: Kubernetes needs a number. */
const unlimited = 86_400;

/**
 * Renders a script that polls until the command succeeds. Exit status 75 (in progress) and CPU time that the start uses
 * restart the time limit.
 */
function poll(seconds: number): string {
  const script = [
    "begin_start",
    'until timeout 10 "$@"; do',
    "  [ $? -ne 75 ] || begin_start",
    `  judge_progress ${seconds} ${longestStart(seconds)}`,
    `  [ $(($(now) - since)) -lt ${seconds} ] || exit 1`,
    "  sleep 0.5",
    "done",
  ];
  return progress + script.join("\n");
}

/** Renders a script that probes several times. A workload in progress is alive, though not ready. */
function watch({ looks, everySeconds }: typeof checks): string {
  return [
    `looks=${looks}`,
    "while [ $looks -gt 0 ]; do",
    `  sleep ${everySeconds}`,
    '  timeout 10 "$@" || [ $? -eq 75 ] || exit 1',
    "  looks=$((looks - 1))",
    "done",
  ].join("\n");
}

/** Renders the probes. Starting a check costs far more than a poll: the startup check polls itself, later checks are rare. */
export function probes({ command, startSeconds }: Health): Partial<Container> {
  const { everySeconds, patienceSeconds, looks } = checks;
  const shell = (script: string) => ({ command: ["sh", "-c", script, "sh", ...command] });
  return {
    startupProbe: {
      exec: shell(poll(startSeconds)),
      periodSeconds: 1,
      timeoutSeconds: unlimited,
      failureThreshold: 1,
    },
    livenessProbe: {
      exec: shell(watch(checks)),
      periodSeconds: 1,
      timeoutSeconds: looks * (everySeconds + 10) + 10,
      failureThreshold: Math.ceil(patienceSeconds / everySeconds),
    },
    readinessProbe: {
      exec: { command: [...command] },
      periodSeconds: everySeconds * 2,
      timeoutSeconds: 10,
      failureThreshold: 1,
    },
  };
}
