import type { Settings } from "../../../settings/model/groups.ts";
import type { Place } from "../../lib/reach/place.ts";
import type { Stack } from "../../lib/stack.ts";

/** Two containers that share a loopback interface: one with the backup, the other with the new version. */
export interface Stage {
  /** Way to run a command in the container with the backup. */
  readonly restorer: Pick<Place, "program" | "args" | "env">;
  /** Runs a command of the new version, with its output in the terminal; resolves to its exit code. */
  readonly run: (env: Readonly<Record<string, string>>, command: readonly string[]) => Promise<number>;
}

/** Inputs of a stage: settings with the new version, the instance that backs up, and one of its backups. */
export interface StageArgs {
  readonly stack: Stack;
  readonly settings: Settings;
  readonly place: Place;
  readonly id: string;
}

/** Makes a stage, and removes what it made once `use` has ended. */
export type OnStage = <T>(args: StageArgs, use: (stage: Stage) => Promise<T>) => Promise<T>;
