import { readFileSync } from "node:fs";
import { timings } from "../../../settings/model/timings.ts";
import { type Health, runtimeDirectory, type Values } from "../../../workload.ts";
import { localSettings } from "../localSettings/localSettings.ts";
import { moduleFolder } from "../modules.ts";

const file = `${runtimeDirectory}/heartbeat`;

function program(name: string): string {
  return readFileSync(new URL(name, import.meta.url), "utf8");
}

/** Adds a heartbeat to files, as a module that Airflow's processes import at their start, before others. */
function imported(
  text: string,
  files: Values,
  modules: readonly string[],
  later: readonly string[] = [],
): Values {
  const all = { ...files, [`${moduleFolder}/heartbeat.py`]: text };
  return localSettings(all, ["airflow_on_celery.heartbeat", ...modules], later);
}

/**
 * Heartbeats: of a worker every 2 s while it consumes, of any other job every 5 s (`job_heartbeat_sec`) while
 * it reaches the database.
 */
const beats = {
  worker: { module: program("worker.py"), missedSeconds: timings.workerMissed },
  job: { module: program("job.py"), missedSeconds: timings.jobMissed },
};

/** A health check of a workload, and the files that it needs. */
interface Checked {
  readonly files: Values;
  readonly healthy: Health;
}

/** Returns a command that succeeds if a URL answers; `flags` are curl's. */
export function answersAt(url: string, ...flags: readonly string[]): readonly string[] {
  return ["curl", "-fsS", "-o", "/dev/null", ...flags, url];
}

/** Returns a command that succeeds if a process has touched the heartbeat file within some seconds; a pipe would cost two more processes. */
export function beatsWithin(seconds: number): readonly string[] {
  return ["find", file, "!", "-newermt", `${seconds} seconds ago`, "-exec", "false", "{}", "+"];
}

/**
 * Returns a health check that looks at a file which the process itself keeps fresh: a check in Python would
 * take seconds to start on a busy machine.
 * @param files other files of the process
 * @param modules other modules that the process imports at its start
 * @param later modules that Airflow imports itself
 */
export function heartbeat(
  of: keyof typeof beats,
  files: Values,
  modules: readonly string[] = [],
  later: readonly string[] = [],
): Checked {
  const { module, missedSeconds } = beats[of];
  return {
    files: imported(module, files, modules, later),
    healthy: { command: beatsWithin(missedSeconds), startSeconds: 180 },
  };
}

/**
 * Returns a health check of a webserver. The webserver has started once all `urls` have answered; from then
 * on the event loops of its processes must turn: a busy loop turns late, a hung one never. A request would
 * queue behind others.
 * @param files other files of the process
 * @param modules other modules that the process imports at its start
 */
export function webserverHeartbeat(
  urls: readonly string[],
  files: Values,
  modules: readonly string[],
): Checked {
  const answers = `curl -fsS --fail-early ${urls.map((url) => `-o /dev/null ${url}`).join(" ")}`;
  const served = `${runtimeDirectory}/served`;
  // Skips files of processes that have ended, though others may have their numbers by now.
  const started = `{ read -r line <"/proc/\${name%-*}/stat"; } 2>/dev/null && set -- \${line##*) } && [ "\${20}" = "\${name#*-}" ]`;
  const beat = `find "$beat" ! -newermt "30 seconds ago" -exec false {} +`;
  const turning = `for beat in ${runtimeDirectory}/heartbeats/*; do name=\${beat##*/}; ! { ${started}; } || ${beat} || exit 1; done`;
  return {
    files: imported(program("webserver.py"), files, modules),
    healthy: {
      command: ["sh", "-c", `{ [ -e ${served} ] || { ${answers} && : >${served}; }; } && ${turning}`],
      startSeconds: 240,
    },
  };
}
