import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { commonIntervals, crowded, mergedIntervals, outside, total } from "../../drill/check/intervals.ts";
import { readLedger } from "../../drill/check/ledger.ts";

test("the ledger is read in any order of its lines", () => {
  const lines = [
    { id: "x", at: 1, what: "start", dag: "d", run: "r", task: "t", map: 3, try: 2, host: "h", pid: 5 },
    { id: "x", at: 1.2, what: "tick" },
    { id: "y", at: 2, what: "start", dag: "d", run: "r", task: "u", map: -1, try: 1, host: "h", pid: 6 },
    { id: "x", at: 1.4, what: "end", how: "done" },
  ].map((line) => JSON.stringify(line));
  const x = {
    id: "x",
    dag: "d",
    run: "r",
    task: "t",
    map: 3,
    try: 2,
    host: "h",
    pid: 5,
    moments: [1, 1.2, 1.4],
    how: "done",
  };
  const y = { id: "y", dag: "d", run: "r", task: "u", map: -1, try: 1, host: "h", pid: 6, moments: [2] };
  fc.assert(
    fc.property(fc.shuffledSubarray(lines, { minLength: 4 }), (some) => {
      // Workers that share a disk return the same lines.
      const read = readLedger(`${some.join("\n")}\n${some[0]}\n`);
      assert.deepEqual(
        new Map(read.map((one) => [one.id, one])),
        new Map([
          ["x", x],
          ["y", y],
        ]),
      );
    }),
  );
  assert.throws(() => readLedger('{"id": "z", "at": 1, "what": "tick"}'), /no start of z/);
  assert.throws(() => readLedger('{"id": "z", "at": 1, "what": nothing}'), SyntaxError);
});

test("a line that a kill has torn is left out, alone at the end or before another one", () => {
  const task = '"dag": "d", "run": "r", "task": "t", "map": -1, "try": 1, "host": "h", "pid": 5';
  const whole = `{"id": "x", "at": 1, "what": "start", ${task}}`;
  const torn = '{"id": "y", "at": 2, "what": "tick"}';
  for (let length = 0; length < torn.length; length++)
    for (const text of [`${torn.slice(0, length)}${whole}\n`, `${whole}\n${torn.slice(0, length)}`])
      assert.deepEqual(
        readLedger(text).map(({ id }) => id),
        ["x"],
      );
});

const stretches = fc.array(
  fc.tuple(fc.nat(50), fc.nat(20)).map(([from, length]) => ({ from, until: from + length })),
  { maxLength: 8 },
);
const covers = (all: readonly { from: number; until: number }[], at: number) =>
  all.some(({ from, until }) => from <= at && at < until);
const moments = Array.from({ length: 80 }, (_, at) => at + 0.5);

test("seconds covered by intervals are counted once", () => {
  fc.assert(
    fc.property(stretches, stretches, fc.integer({ min: 1, max: 4 }), (one, other, count) => {
      const seconds = (holds: (at: number) => boolean) => moments.filter(holds).length;
      assert.equal(
        total(one),
        seconds((at) => covers(one, at)),
      );
      assert.equal(
        total(commonIntervals(one, other)),
        seconds((at) => covers(one, at) && covers(other, at)),
      );
      const [first = { from: 0, until: 0 }] = one;
      assert.equal(
        outside(first, other),
        seconds((at) => covers([first], at) && !covers(other, at)),
      );
      const many = seconds((at) => one.filter((each) => covers([each], at)).length >= count);
      assert.equal(total(crowded(one, () => count)), many);
      assert.deepEqual(mergedIntervals(mergedIntervals(one)), mergedIntervals(one));
    }),
  );
});
