import { type RoleFacts, roleTable } from "../../../roles.ts";
import { airflowOption } from "../../model/airflowOptions.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

interface Need {
  readonly role: "scheduler" | "triggerer" | "dag-processor" | "webserver";
  /** MiB without the processes that a setting counts. */
  readonly base: number;
  readonly processes?: { readonly name: string; readonly byDefault: number; readonly each: number };
}

/**
 * Least memory of roles, in MiB, below what they take without work. Measured on Airflow 3.3.2: a triggerer takes 192 MiB, a
 * forked process 36; in an idle stack of 1113 MiB some 160 are left for each of scheduler, DAG processor and webserver.
 */
const needs: readonly Need[] = [
  { role: "scheduler", base: 128 },
  { role: "triggerer", base: 128 },
  {
    role: "dag-processor",
    base: 96,
    processes: { name: "dag_processor.parsing_processes", byDefault: 2, each: 16 },
  },
  { role: "webserver", base: 64, processes: { name: "api.workers", byDefault: 1, each: 64 } },
];

/** Rejects roles that the engine would kill at their start, or once they have as many processes as they may. */
export const roleMemoryRule = rule(
  ["roles.*.memory", "settings.api.workers", "settings.dag_processor.parsing_processes"],
  ({ roles, ...parsed }) =>
    needs.flatMap(({ role, base, processes }): Fault[] => {
      const { memory: byDefault = 0 }: RoleFacts = roleTable[role];
      const given = roles[role]?.memory;
      const option = processes && airflowOption(parsed, processes.name);
      const [count, each] = [Number(option?.value ?? processes?.byDefault ?? 0), processes?.each ?? 0];
      const [memory, least] = [given ?? byDefault, base + count * each];
      if (!(memory < least)) return [];
      const takes = `a ${role} takes at least ${base} MiB${processes ? ` and ${each} MiB for each process` : ""}`;
      return given === undefined && option
        ? faultAt(
            option.path,
            `${takes}: expected at most ${Math.floor((memory - base) / each)} with ${memory} MiB, or roles.${role}.memory: ${least}`,
            option.value,
          )
        : faultAt(["roles", role, "memory"], `${takes}: expected at least ${least} MiB`);
    }),
);
