import assert from "node:assert/strict";
import { test } from "node:test";
import { check } from "../../drill/check/check.ts";
import type { Evidence, Landed, Try } from "../../drill/check/evidence.ts";
import type { Execution } from "../../drill/check/ledger.ts";
import { recoveries } from "../../drill/check/recovery.ts";
import { removedHosts } from "../../drill/check/waits.ts";
import type { PlannedFault } from "../../drill/plan/schedule.ts";
import type { ExpectedTask } from "../../drill/plan/workload.ts";

const began = 1000;

/** Ticks of a process that reports every 0.2 s. */
function ticks(from: number, until: number): number[] {
  const count = Math.floor((until - from) / 0.2);
  return [...Array.from({ length: count + 1 }, (_, at) => from + at * 0.2), until];
}

interface Ran {
  readonly from?: number;
  readonly until?: number;
  readonly try?: number;
  readonly host?: string;
  /** Undefined if killed. */
  readonly how?: string | undefined;
  readonly task?: string;
}

let ids = 0;

function execution(ran: Ran = {}): Execution {
  const { from = 10, until = 20, host = "worker-1", task = "a" } = ran;
  const how = "how" in ran ? ran.how : "done";
  return {
    id: String(ids++),
    dag: "drill",
    run: "r",
    task,
    map: -1,
    try: ran.try ?? 1,
    host,
    pid: 7,
    moments: ticks(began + from, began + until),
    ...(how !== undefined && { how }),
  };
}

function row(given: Partial<Try> = {}): Try {
  return {
    dag: "drill",
    run: "r",
    task: "a",
    map: -1,
    try: 1,
    state: "success",
    host: "worker-1",
    queued: began + 8,
    started: began + 9,
    ended: began + 21,
    current: true,
    ...given,
  };
}

function landed(fault: Partial<PlannedFault> = {}, given: Partial<Landed> = {}): Landed {
  return {
    fault: { kind: "kill", aim: "worker", target: "worker-1", after: 15, seconds: 0, ...fault },
    from: began + 15,
    until: began + 16,
    hosts: ["worker-1"],
    evidence: "seen",
    ...given,
  };
}

function expected(task: string, after: readonly string[] = []): ExpectedTask {
  return { dag: "drill", run: "r", task, map: -1, after, triggered: began };
}

/** Evidence of one task that ran well, without a fault. */
const calm: Evidence = {
  expected: [expected("a")],
  tries: [row()],
  executions: [execution()],
  faults: [],
  began,
  hosts: ["worker-1", "worker-2"],
  places: 4,
};

const flaws = (evidence: Evidence, wait = 60) => check(evidence, { wait, again: 45 }).map(({ flaw }) => flaw);

/** A try that was lost at 15 s, and the next one, which succeeded. */
function again(first: Ran = {}, second: Ran = {}, lost: Partial<Try> = {}): Evidence {
  return {
    ...calm,
    tries: [
      row({ state: "failed", current: false, ended: began + 45, ...lost }),
      row({ try: 2, host: "worker-2", queued: began + 46, started: began + 47, ended: began + 60 }),
    ],
    executions: [
      execution({ until: 15, how: undefined, ...first }),
      execution({ from: 48, until: 59, try: 2, host: "worker-2", ...second }),
    ],
  };
}

test("a task that ended once, in success, has no flaw", () => {
  assert.deepEqual(check(calm), []);
});

test("a task that does not end exactly once, in success, is a flaw", () => {
  assert.deepEqual(flaws({ ...calm, tries: [] }), ["unfinished", "unknown"]);
  for (const state of ["running", "queued", "up_for_retry", null])
    assert.deepEqual(flaws({ ...calm, tries: [row({ state })] }), ["unfinished"]);
  assert.deepEqual(flaws({ ...calm, tries: [row({ state: "upstream_failed" })] }), ["failed"]);
  assert.deepEqual(flaws({ ...calm, executions: [] }), ["unwritten"]);
  assert.deepEqual(flaws({ ...calm, executions: [execution({ how: undefined })] }), ["unwritten"]);
  const later = execution({ from: 30, until: 31 });
  assert.deepEqual(flaws({ ...calm, executions: [execution(), later] }), ["twice"]);
});

test("on machines a fault excuses a try by its worker group, since the database has no more", () => {
  const lost = again({}, {}, { host: "worker-two", ended: began + 15 });
  const evidence = { ...lost, executions: lost.executions.slice(1) };
  const hit = (...hosts: string[]) => flaws({ ...evidence, faults: [landed({}, { hosts })] });
  assert.deepEqual(hit("worker-two-1"), []);
  assert.deepEqual(hit("worker-three-1"), ["charged"]);
});

test("in a cluster a fault excuses a try whose end was not noted yet, although the database has the worker's domain", () => {
  const host = "worker-two-1.worker-two.stack.svc.cluster.local";
  const lost = again({ from: 2, until: 3, how: "done" }, {}, { host, ended: began + 15 });
  assert.deepEqual(flaws({ ...lost, faults: [landed({}, { hosts: ["worker-two-1"] })] }), []);
  assert.deepEqual(flaws({ ...lost, faults: [landed({}, { hosts: ["worker-two"] })] }), ["twice", "charged"]);
});

test("a try that finished just before a fault hit its worker may run again", () => {
  const done = again({ until: 14.5, how: "done" });
  assert.deepEqual(flaws({ ...done, faults: [landed()] }), []);
  assert.deepEqual(flaws(done).sort(), ["charged", "twice"]);
});

test("a failed task is also charged, unless a fault may have failed it", () => {
  const failed = { ...calm, tries: [row({ state: "failed" })], executions: [execution({ how: "error X" })] };
  assert.deepEqual(flaws(failed), ["failed", "charged"]);
  assert.deepEqual(flaws({ ...failed, faults: [landed()] }), ["failed"]);
});

test("an execution in the ledger without a try in the database is a flaw", () => {
  const stranger = execution({ from: 30, until: 31, try: 2, how: undefined });
  const found = check({ ...calm, executions: [execution(), stranger] });
  assert.deepEqual(found, [
    { flaw: "unknown", observed: "drill.a of r: try 2 ran on worker-1, but the database has no such try" },
  ]);
});

test("only a fault that could end the worker's tasks excuses a lost try", () => {
  const evidence = again();
  assert.deepEqual(flaws({ ...evidence, faults: [landed()] }), []);
  // Another worker, another time, another kind, a fault too short to end anything.
  for (const fault of [
    landed({}, { hosts: ["worker-2"] }),
    landed({}, { from: began + 400, until: began + 401 }),
    landed({ kind: "away", aim: "broker", target: "redis" }, { hosts: [] }),
    landed({ kind: "restart" }),
    landed({ kind: "freeze" }, { until: began + 29 }),
    landed({ kind: "drop", peer: "webserver" }, { until: began + 40 }),
    landed({ kind: "kill", aim: "webserver", target: "webserver" }, { hosts: [] }),
  ])
    assert.deepEqual(flaws({ ...evidence, faults: [fault] }), ["charged"], JSON.stringify(fault));
  for (const kind of ["freeze", "drop"] as const)
    assert.deepEqual(flaws({ ...evidence, faults: [landed({ kind }, { until: began + 40 })] }), []);
  const power = landed({ kind: "lost", aim: "machine", target: "engine" });
  assert.deepEqual(flaws({ ...evidence, faults: [power] }), []);
});

test("a try that ends without having begun is charged, unless its worker was hit at its start", () => {
  const evidence = again({}, {}, { started: began + 14 });
  const [, second] = evidence.executions;
  assert.ok(second);
  const unbegun = { ...evidence, executions: [second] };
  assert.deepEqual(flaws({ ...unbegun, faults: [landed()] }), []);
  const never = {
    ...unbegun,
    tries: unbegun.tries.map((one) => (one.current ? one : { ...one, host: null, started: null })),
  };
  const [found] = check({ ...never, faults: [landed()] });
  assert.equal(
    found?.observed,
    "drill.a of r: try 1 on no worker was given up 45.0 s (queued 8.0 s, started never; in the ledger never started), although no fault was allowed to end it",
  );
});

test("a try that the workload fails on purpose is not charged", () => {
  assert.deepEqual(flaws(again({ how: "planned" })), []);
  assert.deepEqual(flaws(again({ how: "error RuntimeError" })), ["charged"]);
});

test("a single tick is enough to report that two executions of a task overlap", () => {
  const faults = [landed({ kind: "drop", seconds: 40 }, { until: began + 55 })];
  assert.deepEqual(flaws({ ...again({ until: 48 }), faults }), []);
  assert.deepEqual(flaws({ ...again({ until: 48.2 }), faults }), ["overlap"]);
  const [found] = check({ ...again({ until: 50 }), faults });
  assert.equal(
    found?.observed,
    "drill.a of r: try 1 (worker-1, process 7) and try 2 (worker-2, process 7) ran at the same time for 2.0 s, from 1048.0 s; expected at most 0.0 s",
  );
  // The same try, handed out twice.
  const twin = execution({ from: 12, until: 14, host: "worker-2", how: undefined });
  assert.deepEqual(flaws({ ...calm, executions: [execution(), twin] }), ["overlap"]);
});

test("a frozen worker may run on for a moment after it thaws, and no longer", () => {
  const frozen = (seconds: number): Evidence => {
    const evidence = again();
    const [first, ...rest] = evidence.executions;
    assert.ok(first);
    const moments = [...ticks(began + 10, began + 15), ...ticks(began + 50, began + 50 + seconds)];
    const fault = landed({ kind: "pause", seconds: 35 }, { until: began + 50 });
    return { ...evidence, executions: [{ ...first, moments }, ...rest], faults: [fault] };
  };
  assert.deepEqual(flaws(frozen(4)), []);
  assert.deepEqual(flaws(frozen(6)), ["overlap"]);
  const cut = { ...frozen(4), faults: [landed({ kind: "drop", seconds: 35 }, { until: began + 50 })] };
  assert.deepEqual(flaws(cut), ["overlap"]);
});

test("a late start is a flaw, without counting the time in which no slot is free", () => {
  const late = {
    ...calm,
    tries: [row({ queued: began + 1, started: began + 71 })],
    executions: [execution({ from: 72, until: 80 })],
  };
  // Late by the database, and by the ledger from the moment the run was triggered.
  assert.deepEqual(flaws(late), ["late", "late"]);
  assert.deepEqual(flaws(late, 80), []);
  const away = landed({ kind: "away", aim: "broker", target: "redis" }, { hosts: [], until: began + 30 });
  assert.deepEqual(flaws({ ...late, faults: [away] }), []);
  const names = ["b", "c", "d", "e", "f", "g", "h", "i"];
  const others = names.map((task) => execution({ from: 5, until: 68, task }));
  const full = {
    ...late,
    expected: [...calm.expected, ...names.map((task) => expected(task))],
    executions: [...late.executions, ...others],
    tries: [...late.tries, ...names.map((task) => row({ task }))],
  };
  assert.deepEqual(flaws(full), []);
  assert.deepEqual(flaws({ ...full, executions: full.executions.slice(0, -1) }), [
    "unwritten",
    "late",
    "late",
  ]);
});

test("a removed worker has no free slots, until a deployment adds it again", () => {
  const names = ["b", "c", "d", "e"];
  const late = {
    ...calm,
    expected: [...calm.expected, ...names.map((task) => expected(task))],
    tries: [row({ queued: began + 1, started: began + 71 }), ...names.map((task) => row({ task }))],
    executions: [
      execution({ from: 72, until: 80 }),
      ...names.map((task) => execution({ from: 5, until: 68, task })),
    ],
  };
  assert.deepEqual(flaws(late), ["late", "late"]);
  const deployment = { aim: "deployment", target: "deployment" } as const;
  const removal = landed(
    { kind: "scaleDown", ...deployment },
    { hosts: [], removed: ["worker-2"], from: began, until: began },
  );
  assert.deepEqual(flaws({ ...late, faults: [removal] }), []);
  const addition = landed(
    { kind: "scaleUp", ...deployment },
    { hosts: [], from: began + 0.5, until: began + 0.5 },
  );
  assert.deepEqual(removedHosts([removal, addition], began + 1), []);
  assert.deepEqual(removedHosts([addition, removal], began + 1), ["worker-2"]);
});

test("a task is due once all of its predecessors have ended", () => {
  const chain = (from: number): Evidence => ({
    ...calm,
    expected: [...calm.expected, expected("b", ["a"])],
    tries: [row(), row({ task: "b", queued: began + from - 2, started: began + from - 1 })],
    executions: [execution(), execution({ task: "b", from, until: from + 1 })],
  });
  assert.deepEqual(flaws(chain(79)), []);
  assert.deepEqual(flaws(chain(81)), ["late"]);
});

test("a task of a dead worker that runs elsewhere too late is a flaw", () => {
  const evidence = (from: number) => ({ ...again({}, { from, until: from + 5 }), faults: [landed()] });
  assert.deepEqual(flaws(evidence(59)), []);
  assert.deepEqual(flaws(evidence(62)), ["slow"]);
  const [recovery] = recoveries(evidence(50));
  assert.equal(Math.round(recovery?.again ?? 0), 35);
  assert.equal(Math.round(recovery?.serves ?? 0), 34);
});

test("a planned fault that did not happen is a flaw", () => {
  const { evidence: _, ...blank } = landed();
  const [found] = check({ ...calm, faults: [{ ...blank, missed: "no such process" }] });
  assert.deepEqual(found, { flaw: "missed", observed: "kill of worker-1 did not happen: no such process" });
});
