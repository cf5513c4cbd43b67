import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { project } from "../../../../tools/lib/process.ts";
import { queueFacts } from "../../../../tools/lib/status/load.ts";
import { type Waiting, waitingRuns } from "../../../../tools/lib/status/waiting.ts";

const worker = (queues: string[], running: Record<string, number>, places: number) => {
  return { queues, running, places };
};

test("the task slots of a worker count for each of its queues", () => {
  const workers = {
    "worker-1": worker(["default", "gpu"], { default: 3, gpu: 1 }, 4),
    "worker-2": worker(["default"], {}, 2),
    "worker-3": null,
  };
  const tasks = { workers, queued: { default: 1, nobody: 2 } };
  const none = { oldestSeconds: null, unread: false };
  assert.deepEqual(queueFacts(tasks, { default: 12.6, nobody: null }, ["nobody"]), [
    { ...none, name: "default", length: 1, oldestSeconds: 13, consumers: 2, running: 3, places: 6, busy: 4 },
    { ...none, name: "gpu", length: 0, consumers: 1, running: 1, places: 4, busy: 4 },
    { ...none, name: "nobody", length: 2, consumers: 0, running: 0, places: 0, busy: 0, unread: true },
  ]);
  assert.deepEqual(queueFacts({ cause: "Flower does not run" }, {}, []), []);
});

const queues = queueFacts(
  { workers: { "worker-1": worker(["full"], { full: 4 }, 4) }, queued: { full: 2, nobody: 1, free: 1 } },
  {},
  ["nobody"],
);
const pools: Waiting["pools"] = { default_pool: [128, 127], small: [2, 2], endless: [-1, 9] };
const group = { dag: "d", run: "r", paused: false, most: 16, active: 0, seconds: 5.4 };
const task = { ...group, state: "scheduled", queue: "full", pool: "default_pool", tasks: 3 } as const;
const queued = { ...task, state: "queued" } as const;

function why(waiting: Partial<Waiting>): (string | number | null)[] | undefined {
  const [run] = waitingRuns({ runs: [], tasks: [], pools, ...waiting }, queues);
  return run && [run.tasks, run.seconds, run.why];
}

test("a run waits for a paused DAG, or for other runs of the DAG", () => {
  assert.deepEqual(why({ runs: [{ ...group, paused: true }] }), [null, 5, "the DAG is paused"]);
  assert.deepEqual(why({ runs: [{ ...group, active: 16 }] }), [null, 5, "max_active_runs: 16 of 16 run"]);
  assert.equal(why({ runs: [{ ...group, active: 15 }] }), undefined);
});

test("a task waits for a paused DAG, a slot of its pool, other tasks of its run, or a worker", () => {
  const because = (text: string) => [3, 5, text];
  assert.deepEqual(why({ tasks: [{ ...task, paused: true }] }), because("the DAG is paused"));
  assert.deepEqual(
    why({ tasks: [{ ...task, pool: "small" }] }),
    because("pool small has no free slot: 2 of 2 taken"),
  );
  assert.deepEqual(why({ tasks: [{ ...task, pool: "gone" }] }), because("there is no pool gone"));
  assert.deepEqual(why({ tasks: [{ ...task, active: 16 }] }), because("max_active_tasks: 16 of 16 run"));
  assert.deepEqual(why({ tasks: [{ ...queued, queue: "nobody" }] }), because("no worker reads queue nobody"));
  assert.deepEqual(why({ tasks: [queued] }), because("all 4 places of queue full are busy"));
  // A pool without a limit, a pool with a free slot, and a queue whose worker is about to start.
  for (const other of [{ ...task, pool: "endless" }, task, { ...queued, queue: "free" }]) {
    assert.equal(why({ tasks: [other] }), undefined);
  }
});

test("a wait of half a minute is reported even without a reason", () => {
  const unknown = "unknown: see the scheduler's log";
  assert.deepEqual(why({ runs: [{ ...group, seconds: 30 }] }), [null, 30, unknown]);
  assert.deepEqual(why({ tasks: [{ ...task, seconds: 30 }] }), [3, 30, unknown]);
  assert.equal(why({ tasks: [{ ...task, seconds: 29.9 }] }), undefined);
  assert.equal(why({ tasks: [{ ...task, seconds: null }] }), undefined);
});

test("of very many waiting runs those are listed that have waited longest, and the others are counted", () => {
  const program = join(project, "tools/lib/status/queues.py");
  const output = execFileSync("python3", [join(import.meta.dirname, "queues.py"), program]);
  const { runs, tasks, unlisted } = JSON.parse(String(output));
  assert.equal(runs.length, 200);
  assert.deepEqual(runs[0], { dag: "dag-0", run: "run-0" });
  assert.equal(tasks.length, 3);
  assert.equal(unlisted, 250);
});
