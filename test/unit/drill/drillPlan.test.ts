import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { minimise } from "../../drill/minimise.ts";
import { type Kind, kinds, kindsOn } from "../../drill/plan/kinds.ts";
import {
  inTime,
  layoutOf,
  lengthOf,
  type PlannedFault,
  type ScheduleLimits,
  scheduleOf,
} from "../../drill/plan/schedule.ts";
import { hasMapped, workloadOf } from "../../drill/plan/workload.ts";

const layout = layoutOf(["worker-1", "worker-2"], ["engine"]);
const shape: ScheduleLimits = { platform: "docker", layout, count: 6, longest: 120, calm: [3, 12] };
const seeds = fc.integer({ min: 0, max: 1_000_000 });
const effort = { numRuns: 200 };

test("a seed always gives the same schedule, and another seed gives another one", () => {
  fc.assert(
    fc.property(seeds, (seed) => assert.deepEqual(scheduleOf(seed, shape), scheduleOf(seed, shape))),
    effort,
  );
  const all = Array.from({ length: 50 }, (_, seed) => JSON.stringify(scheduleOf(seed, shape)));
  assert.equal(new Set(all).size, 50);
});

test("faults come after some calm, hit existing targets, and last as long as their kind allows", () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom("docker", "kubernetes", "machines"), (seed, platform) => {
      const faults = scheduleOf(seed, { ...shape, platform });
      assert.equal(faults.length, 6);
      for (const [at, { kind, aim, target, seconds, after }] of faults.entries()) {
        const { aims, platforms, seconds: range = [0, 0] }: Kind = kinds[kind];
        assert.ok(platforms.includes(platform) && aims.includes(aim) && layout[aim].includes(target), kind);
        assert.ok(range[0] <= seconds && seconds <= range[1], `${kind} ${seconds}`);
        assert.ok(at === 0 ? after === 12 : 3 <= after && after <= 12, `${after}`);
      }
    }),
    effort,
  );
});

test("no fault hits a worker that is scaled away", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const faults = scheduleOf(seed, { ...shape, count: 16 });
      const at = (name: string) => faults.findIndex(({ kind }) => kind === name);
      assert.ok(at("scaleDown") >= 0 && at("scaleUp") >= 0);
      const away = at("scaleDown") < at("scaleUp") ? faults.slice(at("scaleDown"), at("scaleUp")) : [];
      assert.deepEqual(
        away.filter(({ target }) => target === "worker-2"),
        [],
      );
    }),
    effort,
  );
});

test("three consecutive seeds have all kinds of faults, and a bound shortens long faults", () => {
  const kindsOf = (from: number, count: number, platform: ScheduleLimits["platform"] = "docker") =>
    new Set(
      Array.from({ length: count }, (_, at) => scheduleOf(from + at, { ...shape, platform })).flatMap(
        (faults) => faults.map(({ kind }) => kind),
      ),
    );
  for (const from of [0, 1, 17, 400])
    assert.deepEqual([...kindsOf(from, 3)].sort(), [...kindsOn("docker")].sort());
  for (const platform of ["kubernetes", "machines"] as const)
    assert.deepEqual([...kindsOf(5, 3, platform)].sort(), [...kindsOn(platform)].sort());
  const bounded = Array.from({ length: 30 }, (_, seed) => scheduleOf(seed, { ...shape, longest: 10 })).flat();
  assert.equal(Math.max(...bounded.map(({ seconds }) => seconds)), 10);
  const lengths = Array.from({ length: 60 }, (_, seed) => lengthOf(scheduleOf(seed, shape)));
  const mean = lengths.reduce((sum, one) => sum + one) / 60;
  assert.ok(mean > 120 && mean < 240, `${mean} s`);
});

test("a fault in a shortened schedule happens when it does in the whole one", () => {
  const [first, second, third] = [
    { kind: "kill", aim: "worker", target: "worker-1", after: 12, seconds: 0 },
    { kind: "pause", aim: "broker", target: "redis", after: 4, seconds: 20.5 },
    { kind: "dead", aim: "worker", target: "worker-2", after: 3, seconds: 30 },
  ] as const;
  const all = [first, second, third];
  const when = (some: readonly PlannedFault[]) => inTime(all, some).map(({ after }) => after);
  // A kill takes 5 s.
  assert.deepEqual(when(all), [12, 4, 3]);
  assert.deepEqual(when([second, third]), [21, 3]);
  assert.deepEqual(when([first, third]), [12, 27.5]);
  assert.deepEqual(when([third]), [44.5]);
});

test("the workload has chains, fans and long tasks, and every fifth run has the mapped task", () => {
  const keys = workloadOf("r", false, 0).map(({ task, after }) => `${task} < ${after}`);
  assert.equal(keys.length, 50);
  for (const one of [
    "chain_0_0 < ",
    "chain_1_15 < chain_1_14",
    "fan_1_3 < fan_0_0,fan_0_1,fan_0_2,fan_0_3",
    "long_2 < ",
  ])
    assert.ok(keys.includes(one), one);
  assert.equal(workloadOf("r", true, 0).length, 250);
  assert.deepEqual([0, 1, 4, 5, 10].map(hasMapped), [true, false, false, true, true]);
});

/** Runs the minimiser with a known predicate; returns the remaining list and the number of calls. */
async function shrunk(all: readonly number[], fails: (some: readonly number[]) => boolean, most = 1000) {
  let asked = 0;
  const rest = await minimise(
    all,
    async (some) => {
      asked++;
      return fails(some);
    },
    most,
  );
  return { rest, asked };
}

test("the minimiser reduces a failing list to its culprits", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.boolean()),
      async (all, chosen) => {
        const picks = all.filter(() => chosen.next().value);
        const culprits = picks.length > 0 ? picks : all.slice(0, 1);
        const { rest } = await shrunk(all, (some) => culprits.every((one) => some.includes(one)));
        assert.deepEqual(rest, culprits);
      },
    ),
    effort,
  );
});

test("the minimiser makes no more attempts than allowed, and few for one culprit of six", async () => {
  const six = [1, 2, 3, 4, 5, 6];
  const one = await shrunk(six, (some) => some.includes(5));
  assert.deepEqual(one.rest, [5]);
  assert.ok(one.asked <= 6, `${one.asked}`);
  assert.deepEqual(await shrunk(six, (some) => some.includes(5), 0), { rest: six, asked: 0 });
  const bounded = await shrunk(six, (some) => some.includes(2) && some.includes(5), 4);
  assert.equal(bounded.asked, 4);
  assert.ok([2, 5].every((culprit) => bounded.rest.includes(culprit)));
});
