import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../process.ts";
import { container, providerOf } from "../state.ts";
import type { Inspected } from "../status/engine.ts";

/** A line of the CLI's event log; only the fields about failures. */
export interface EngineEvent {
  readonly diagnosticEvent?: { readonly urn?: string; readonly message: string; readonly severity: string };
  readonly resOpFailedEvent?: {
    readonly metadata: {
      readonly type: string;
      readonly new?: {
        readonly inputs?: { readonly name?: unknown };
        /** URN and id of the provider, with `::` between them. */
        readonly provider?: string;
      } | null;
    };
  };
}

/** A container that did not become healthy. */
interface FailedContainer {
  readonly name: string;
  /** Name of the container's provider. */
  readonly provider: string;
}

/** True for messages that only repeat a failure: the CLI's last line, or a provider's line with a place in its source. */
function isNoise(message: string): boolean {
  return /^\w+ failed$|^sdk-v2\//.test(message.trim());
}

/** Extracts a failure from an event: its reason, or the container that failed. */
export function failureIn({
  diagnosticEvent,
  resOpFailedEvent,
}: EngineEvent): string | FailedContainer | undefined {
  if (diagnosticEvent?.severity === "error") {
    const { urn = "", message } = diagnosticEvent;
    const [, , type = ""] = urn.split("::");
    const of = type.endsWith(":Container") ? `${urn.slice(urn.lastIndexOf("::") + 2)}: ` : "";
    return isNoise(message) ? undefined : of + message.trim();
  }
  const { type, new: made } = resOpFailedEvent?.metadata ?? {};
  const name = made?.inputs?.name;
  if (type !== container || typeof name !== "string") return undefined;
  return { name, provider: providerOf(made ?? {}) };
}

function indented(text: string): string {
  return text.trim().replace(/^/gm, "    ");
}

/** Describes a container: its state, the output of its last health check and the end of its log. */
async function describe(name: string, env: Readonly<Record<string, string>>): Promise<string> {
  try {
    const state: Inspected["State"] = JSON.parse(
      await run("docker", ["inspect", "--format", "{{json .State}}", name], { env }),
    );
    const check = state.Health?.Log?.at(-1);
    const log = await run("sh", ["-c", 'docker logs --tail 10 "$1" 2>&1', "logs", name], { env });
    const checked = check && `its last health check ended with ${check.ExitCode}:\n${indented(check.Output)}`;
    const logged = log.trim() !== "" && `its log ends so:\n${indented(log)}`;
    return [`${name} is ${state.Status}`, checked, logged].filter((line) => line).join("\n  ");
  } catch {
    return `${name} does not exist any more`;
  }
}

/** Seconds for a failing CLI to end and report the reason itself. */
const endSeconds = 3;

/**
 * Follows the event log of a running CLI, and reports each failure as soon as it is known: the CLI itself shows a reason
 * of several lines only when all other resources are done. Skips a reason that the CLI is about to show.
 * @param clientOf environment of the Docker client, by the name of a provider
 * @returns a function that ends the reading
 */
export function watchFailures(
  file: string,
  clientOf: (provider: string) => Readonly<Record<string, string>>,
  report: (failure: string) => void,
): () => Promise<void> {
  const ended = new AbortController();
  let read = 0;
  const reasons: { readonly text: string; readonly since: number }[] = [];
  const look = async () => {
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
    const fresh = lines.slice(read);
    read = lines.length;
    for (const line of fresh) {
      const failure = failureIn(JSON.parse(line));
      if (failure === undefined) continue;
      if (typeof failure === "string") reasons.push({ text: failure, since: Date.now() });
      else report(await describe(failure.name, clientOf(failure.provider)));
    }
    const due = reasons.filter(({ since }) => Date.now() - since > endSeconds * 1000);
    for (const { text } of reasons.splice(0, due.length)) report(text);
  };
  // Rejects when the reading ends.
  const pause = () => sleep(1000, undefined, { signal: ended.signal }).catch(() => {});
  const watching = (async () => {
    for (; !ended.signal.aborted; await pause()) await look();
    await look();
  })();
  return async () => {
    ended.abort();
    await watching;
  };
}
