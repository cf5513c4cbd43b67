import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { project } from "../../../tools/lib/process.ts";
import { bounds } from "../../drill/check/evidence.ts";

function read(path: string): string {
  return readFileSync(join(project, path), "utf8");
}

/** Cells of the drill's tables, by the first cell of their row. */
const rows = new Map(
  [...read("docs/reliability.md").matchAll(/^\| (\w+) \| (.+) \|$/gm)].map(([, name = "", cells = ""]) => [
    name,
    cells.split(" | "),
  ]),
);

/** Number in a cell of a table. */
function figure(row: string, at: number): number {
  return Number.parseInt(rows.get(row)?.at(at) ?? assert.fail(`there is no row ${row}`), 10);
}

/** Number that a page promises, by a pattern with one group. */
function promised(page: string, pattern: RegExp): number {
  const [, number = ""] = pattern.exec(read(page).replaceAll(/\s+/g, " ")) ?? assert.fail(String(pattern));
  return Number(number.replace(",", ""));
}

const stacks = ["docker", "machines", "kubernetes"];
const columns = { schedules: 0, faults: 1, tasks: 2, lost: 3, doubled: 4, charged: 5, late: 6 };

function total(column: keyof typeof columns): number {
  return stacks.map((row) => figure(row, columns[column])).reduce((sum, one) => sum + one, 0);
}

test("the README's statements about the drills match their figures", () => {
  for (const none of ["lost", "doubled", "charged", "late"] as const) assert.equal(total(none), 0, none);
  assert.ok(promised("README.md", /drills of more than ([\d,]+) faults/) < total("faults"));
  assert.ok(promised("README.md", /while more than ([\d,]+) tasks ran/) < total("tasks"));
  assert.ok(promised("README.md", /all ran again within (\d+) s at the longest/) >= figure("lost", -1));
});

test("times promised by the pages are the drill's limits", () => {
  assert.equal(promised("README.md", /run again on another\*\* within (\d+) s/), bounds.again);
  assert.equal(promised("docs/reliability.md", /tasks of a killed worker within (\d+) s/), bounds.again);
  assert.equal(promised("docs/reliability.md", /Tasks start within (\d+) s/), bounds.wait);
});

test("the README's costs match the figures beside a compose file", () => {
  const measured = (row: string) => {
    const [, stack, compose] =
      new RegExp(`^\\| ${row} \\| ([\\d.]+) \\| ([\\d.]+) \\|`, "m").exec(read("docs/scale.md")) ??
      assert.fail(row);
    return { stack: Number(stack), compose: Number(compose) };
  };
  const first = measured("seconds from nothing until the first task succeeded");
  assert.ok(promised("README.md", /takes (\d+) s from nothing to the first finished task/) >= first.stack);
  assert.ok(promised("README.md", /a typical compose file: (\d+) s/) <= Math.ceil(first.compose));
  assert.match(read("README.md").replaceAll(/\s+/g, " "), /when idle it uses less than a third/);
  const idle = measured("CPU seconds a minute, idle");
  assert.ok(idle.stack < idle.compose / 3);
});

test("pages agree on the seconds of a thousand tasks at once", () => {
  const seconds = /2, 8 and 20 workers(?: with 4 places each)?, in ([\d, ]+and \d+) s/;
  const figures = ["README.md", "docs/reliability.md"].map(
    (page) => seconds.exec(read(page).replaceAll(/\s+/g, " "))?.[1] ?? assert.fail(page),
  );
  assert.equal(figures[0], figures[1]);
});
