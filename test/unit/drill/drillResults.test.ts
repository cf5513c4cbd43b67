import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { project } from "../../../tools/lib/process.ts";
import { scheduleReport } from "../../drill/results/report.ts";
import { addResult, type Result } from "../../drill/results/results.ts";
import { page, tables } from "../../drill/results/table.ts";
import { addTally, readTallies, seedsLeft, sum, tallyOf } from "../../drill/results/tally.ts";
import { withFigures } from "../../figures.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder("drill");

function result(given: Partial<Result> = {}): Result {
  return {
    subject: "docker",
    seed: 1,
    date: "2026-01-01T00:00:00.000Z",
    commit: "1234567",
    seconds: 120,
    tasks: 47,
    attempts: 70,
    faults: [
      { kind: "kill", target: "worker-1", seconds: 0, evidence: "seen", cost: 3, recovery: 31.2 },
      { kind: "pause", target: "postgres", seconds: 20, cost: 0, recovery: 2 },
    ],
    findings: [],
    ...given,
  };
}

function tallied(...results: Result[]) {
  return sum(results.map(tallyOf));
}

test("a command goes on with the seeds that have no tally yet", () => {
  const file = join(folder, "tallies.jsonl");
  assert.deepEqual(readTallies(file), sum([]));
  const results = [2, 3].map((seed) => result({ seed, subject: seed === 2 ? "docker" : "kubernetes" }));
  for (const one of results) addTally(tallyOf(one), file);
  const both = readTallies(file);
  assert.deepEqual(both, tallied(...results));
  assert.deepEqual(seedsLeft(both, "docker", 1, 4), [1, 3, 4]);
  assert.deepEqual(seedsLeft(both, "kubernetes", 2, 2), [2]);
});

test("the results of each schedule are kept with all findings", () => {
  const file = join(folder, "kept/results.jsonl");
  const results = [result(), result({ seed: 2, findings: [{ flaw: "late", observed: "drill.a" }] })];
  for (const one of results) addResult(one, file);
  const lines = readFileSync(file, "utf8").trim().split("\n");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    results,
  );
});

test("the page has a row for each subject, and one for each kind of fault", () => {
  const flaw = (name: Result["findings"][number]["flaw"]) => ({ flaw: name, observed: "" });
  const bad = result({
    seed: 2,
    findings: ["failed", "unfinished", "overlap", "twice", "charged", "late", "slow", "missed"].map((name) =>
      flaw(name as "failed"),
    ),
  });
  const lines = tables(tallied(result(), bad, result({ subject: "compose" }))).split("\n");
  const rows = lines.map((line) => line.slice(2, -2).split(" | "));
  assert.deepEqual(rows[0], [
    "",
    "schedules",
    "faults",
    "tasks",
    "lost",
    "doubled",
    "charged",
    "late",
    "longest recovery",
  ]);
  assert.deepEqual(rows[2], ["docker", "2", "4", "94", "2", "2", "1", "2", "32 s"]);
  assert.deepEqual(rows[3], ["compose", "1", "2", "47", "0", "0", "0", "0", "32 s"]);
  assert.deepEqual(rows.find(([name]) => name === "kill")?.slice(2), ["2", "6", "32 s"]);
  assert.deepEqual(rows.find(([name]) => name === "pause")?.slice(2), ["0", "0", "2 s"]);
  assert.deepEqual(rows.find(([name]) => name === "dead")?.slice(2), ["0", "0", ""]);
});

test("new tables replace the page's tables, and nothing else", () => {
  const text = "before\n<!-- figures, by npm run drill -->\nold\n<!-- end of figures -->\nafter\n";
  const written = withFigures(text, page, tables(tallied(result())));
  assert.match(
    written,
    /^before\n<!-- figures, by npm run drill -->\n\n\| {2}\| schedules .*<!-- end of figures -->\nafter\n$/s,
  );
  assert.doesNotMatch(written, /old/);
  assert.equal(withFigures(written, page, tables(tallied(result()))), written);
  assert.throws(() => withFigures("without a place", page, ""), /has no place for the figures/);
});

test("the page shows the tables of the committed tallies", () => {
  const text = readFileSync(join(project, page.page), "utf8");
  assert.equal(withFigures(text, page, tables(readTallies())), text);
});

test("a failing schedule is reported with its seed", () => {
  assert.match(scheduleReport(result()), /seed 1: no flaw$/);
  const failing = scheduleReport(
    result({ seed: 7, findings: [{ flaw: "charged", observed: "drill.a: why" }] }),
  );
  const many = Array.from({ length: 10 }, () => ({ flaw: "late", observed: "b" }) as const);
  assert.equal(
    scheduleReport(result({ findings: many }))
      .match(/^ {2}LATE .*$/gm)
      ?.at(-1),
    "  LATE and 2 more",
  );
  assert.match(
    failing,
    /CHARGED drill\.a: why\n {2}seed 7: 1 flaws; to repeat it: npm run drill -- --seed 7$/,
  );
});
