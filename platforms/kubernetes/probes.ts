import type { types } from "@pulumi/kubernetes";
import type { Health } from "../../workload.ts";
import { checks, longestStart, progress } from "../checks.ts";

type Container = types.input.core.v1.Container;

/** Seconds for one run of a startup probe, which ends by itself: Kubernetes needs a number. */
const unlimited = 86_400;

/**
 * Polls until the command succeeds. The seconds of the start begin anew with exit status 75, still on its way, and
 * while the start uses CPU time.
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

/** Probes several times. A workload still on its way is not ready, but alive. */
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

/** Starting a check costs far more than a probe: the startup check polls by itself, and later checks are rare. */
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
