import assert from "node:assert/strict";
import { test } from "node:test";
import type { Plan, ReportLine } from "../../../importer/plan.ts";
import { importReport } from "../../../importer/report.ts";

const row = (line: number, more: Partial<ReportLine> = {}): ReportLine => ({
  leaves: [{ file: "a.yaml", line, path: ["services", `s${line}`] }],
  targets: [],
  ...more,
});

const plan: Plan = {
  config: {},
  taken: [row(1, { targets: ["version"] }), row(2, { targets: ["dags"], todo: "look at it" })],
  handled: [row(3, { note: "it always runs" })],
  unsupported: [
    row(4, { note: "no such thing" }),
    row(5, { note: "no such thing" }),
    row(6, { note: "another" }),
  ],
  secrets: ["secrets.fernetKey"],
};

test("the report begins with the work that is left, one line for each reason, and ends with the next command", () => {
  assert.equal(
    importReport(plan, "x", []),
    `
Left to do

Secrets, which are never written in plain: store them before the first deployment.
  npm run secret -- secrets.fernetKey --stack x

Taken over, but something is left to do:
  1 × look at it: a.yaml:2 services.s2

Not taken over:
  2 × no such thing: a.yaml:4 services.s4, and 1 more
  1 × another: a.yaml:6 services.s6

2 taken over, 1 taken care of by the stack, 3 without a counterpart. Each of them, with its line: --all

Next: npm run secret -- secrets.fernetKey --stack x`,
  );
});

test("the complete report lists every value after the work that is left", () => {
  const lines = importReport(plan, "x", [], true).split("\n");
  const order = [
    "Left to do",
    "Taken over (2):",
    "Taken care of by the stack (1):",
    "No counterpart (3):",
    "    a.yaml:5 services.s5",
  ];
  assert.deepEqual(
    lines.filter((line) => order.includes(line)),
    order,
  );
  assert.equal(lines.at(-1), "Next: npm run secret -- secrets.fernetKey --stack x");
});

test("the report ends with the missing edit, or with the deployment if nothing is missing", () => {
  const done: Plan = { ...plan, taken: [], unsupported: [], secrets: [] };
  assert.match(
    importReport(done, "x", ["images.redis is not given"]),
    /\nNext: edit stacks\/Pulumi\.x\.yaml, then npm run up -- --stack x$/,
  );
  assert.match(
    importReport(done, "x", []),
    /^\nNothing is left to do\.\n.*\nNext: npm run up -- --stack x$/s,
  );
});

test("a report of many secrets names the first twelve", () => {
  const secrets = Array.from({ length: 15 }, (_, at) => `variables.a${at}`);
  const shown = importReport({ ...plan, secrets }, "x", []);
  assert.equal(shown.match(/^ {2}npm run secret/gm)?.length, 12);
  assert.match(shown, /and 3 more: the stack file begins with all of these commands/);
});
