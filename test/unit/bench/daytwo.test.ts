import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { project } from "../../../tools/lib/process.ts";
import { waitsIn } from "../../bench/daytwo/locks.ts";
import { heldMiB } from "../../bench/daytwo/memory.ts";
import { type Beat, feltBetween } from "../../bench/daytwo/pulse.ts";
import { dataText, pages, upgradeText } from "../../bench/daytwo/report.ts";
import { withFigures } from "../../figures.ts";

const beat = (begin: number, end: number, state: Beat["state"] = "success") => ({ begin, end, state });

test("a step's runs are those that began in it; the gap reaches from one success to the next", () => {
  const beats = [
    beat(0, 900),
    beat(2000, 2500),
    beat(4000, 5500),
    beat(6000, 6000, "refused"),
    beat(8000, 9000, "failed"),
    beat(10_000, 10_100, "gone"),
    beat(12_000, 13_000),
    beat(14_000, 14_500),
  ];
  assert.deepEqual(feltBetween(beats, 1000, 14_000), {
    runs: 6,
    succeeded: 3,
    failed: 1,
    median: 1,
    longest: 1.5,
    gap: 7.5,
  });
  assert.equal(feltBetween(beats, 5500, 13_500).gap, 7.5);
  // A step in which nothing succeeded is one gap.
  assert.equal(feltBetween(beats, 6000, 11_000).gap, 5);
});

test("held memory leaves out the page cache, in both versions of control groups", () => {
  const mib = 2 ** 20;
  const first = `cache ${900 * mib}\nrss ${mib}\nshmem ${mib}\ntotal_rss ${100 * mib}\ntotal_shmem ${20 * mib}\n`;
  assert.equal(heldMiB(first), 120);
  assert.equal(heldMiB(`anon ${50 * mib}\nfile ${900 * mib}\nshmem ${30 * mib}\n`), 80);
  assert.equal(heldMiB(""), 0);
});

test("waits for locks and statements that gave up are found in the log of Postgres", () => {
  const log = [
    "2026-01-01 LOG:  process 90 still waiting for ShareLock on transaction 7 after 50.104 ms",
    "2026-01-01 LOG:  process 90 acquired ShareLock on transaction 7 after 312.5 ms",
    "2026-01-01 ERROR:  canceling statement due to statement timeout",
    "2026-01-01 ERROR:  canceling statement due to user request",
  ];
  assert.deepEqual(waitsIn(log.join("\n")), { waited: 0.3125, givenUp: 1 });
  assert.deepEqual(waitsIn(""), { waited: 0, givenUp: 0 });
});

test("the pages have a row for each step, and a line for each of the others' figures", () => {
  const felt = { runs: 31, succeeded: 30, failed: 0, median: 0.61, longest: 1.23, gap: 3.04 };
  const step = { name: "cleaning", seconds: 99.6, felt };
  const text = dataText({
    steps: [{ ...step, name: "backup", memory: 123.4 }, step],
    made: {
      id: "b",
      at: "",
      bytes: 1_500_000,
      sha256: "00",
      version: "3.3.2",
      rows: 42,
      seconds: 10.4,
      proof: 20.5,
    },
    cleaned: { step, rows: 7, locks: { longest: 0.25, waited: 0, givenUp: 1 } },
    looks: [
      { status: 2, list: 1 },
      { status: 2.1, list: 1.04 },
    ],
  });
  assert.deepEqual(text.split("\n").slice(2, 4), [
    "| backup | 100 | 123 | 30 of 31 | 0.6 | 1.2 | 3.0 |",
    "| cleaning | 100 |  | 30 of 31 | 0.6 | 1.2 | 3.0 |",
  ]);
  assert.match(text, /42 rows in an archive of 1\.5 MB; dump and encryption took 10 s, the proof 21 s\./);
  assert.match(
    text,
    /removed 7 rows, at most 0\.25 s in one .*, nothing waited longer than 50 ms, and 1 statements/,
  );
  assert.match(text, /took 2\.1 s, 2\.0 s with an empty database; .* 1\.0 and 1\.0 s\.$/m);
  const upgrade = upgradeText({ steps: [step], told: "migrating 3 rows took 9 s" });
  assert.match(upgrade, /^\| cleaning \|.*\n\nThe rehearsal says: migrating 3 rows took 9 s\.$/m);
  for (const page of Object.values(pages))
    assert.ok(withFigures(readFileSync(join(project, page.page), "utf8"), page, text).includes(text));
});

test("the figures of one command replace none of another's, and nothing of the page", () => {
  const block = (command: string, figures: string) =>
    `<!-- figures, by ${command} -->\n\n${figures}\n\n<!-- end of figures -->`;
  const page = (one: string, other: string) => `a\n${block("one", one)}\nb\n${block("other", other)}\nc\n`;
  const written = (command: string) => withFigures(page("1", "2"), { page: "a.md", command }, "3");
  assert.equal(written("one"), page("3", "2"));
  assert.equal(written("other"), page("1", "3"));
});
