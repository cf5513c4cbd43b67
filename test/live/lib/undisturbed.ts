import { assertUndisturbed, type TestStack } from "./harness.ts";

/** Characters of a failed try's log that tell why it failed. */
const end = 3000;

/** Asserts that all tasks of a run succeed at their first try; the error has the end of each failed try's log. */
export async function runsUndisturbed(
  stack: TestStack,
  dag: string,
  run: string,
  count: number,
): Promise<void> {
  const tasks = await stack.finished(dag, run);
  try {
    assertUndisturbed(tasks, count);
  } catch (error) {
    const failed = tasks.flatMap((task) => {
      const tries = task.state === "success" ? task.try_number - 1 : task.try_number;
      return Array.from({ length: tries }, (_, index) => ({ ...task, try_number: index + 1 }));
    });
    const logs = failed.map(async (one) => {
      const log = await stack.taskLog(dag, run, one).catch(String);
      return `try ${one.try_number} of ${one.task_id}: ${log.slice(-end)}`;
    });
    throw new Error([String(error), ...(await Promise.all(logs))].join("\n"), { cause: error });
  }
}
