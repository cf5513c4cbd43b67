import { globSync } from "node:fs";
import { project } from "../../tools/lib/process.ts";

/** Prerequisite of tests that takes minutes to set up on a new machine. */
export type Need = "engine" | "airflow2" | "cluster" | "machines" | "scanners";

/** Suite of tests: a folder of `test/`. */
export type Suite = "unit" | "scan" | "live";

/** Test files that one process runs. */
export interface Job {
  /** Path below the project, or name of a suite. */
  readonly name: string;
  readonly suite: Suite;
  readonly files: readonly string[];
  readonly needs: readonly Need[];
  /** Limits jobs that use the cluster: two at a time, and none beside the file that takes a node away. */
  readonly inCluster: "no" | "shared" | "alone";
}

const globs: Readonly<Record<Suite, string>> = {
  unit: "test/unit/**/*.test.ts",
  scan: "test/scan/*.test.ts",
  live: "test/live/**/*.test.ts",
};

export const suites = Object.keys(globs) as Suite[];

/** Lists every test file that `npm test` runs, sorted within its suite. */
export function testFiles(): string[] {
  return Object.values(globs).flatMap((glob) => globSync(glob, { cwd: project }).sort());
}

/** @throws Error for a file outside of the folders of suites */
export function suiteOf(file: string): Suite {
  const suite = suites.find((name) => file.startsWith(`test/${name}/`));
  if (!suite)
    throw new Error(`${file} is in no suite; expected a file of ${Object.values(globs).join(", ")}.`);
  return suite;
}

/** Live tests that start first, in order: the longest, and those that keep others from starting. Paths are below `test/live`. */
const first = [
  "machines/machines",
  "kubernetes/deploying",
  "kubernetes/faults",
  "kubernetes/stacks",
  "kubernetes/parity",
  "kubernetes/node",
  "docker/faults",
  "docker/alerts",
  "docker/deploying",
  "docker/rotation",
  "docker/declared",
  "docker/newUser",
  "versions/versions",
  "docker/external",
  // Computes all the time, which at the end would be on one core.
  "versions/known",
  // Its promises are in seconds: only shorter jobs start beside it.
  "docker/drill",
];

function rank(file: string): number {
  const at = first.indexOf(file.replace(/^test\/live\/|\.test\.ts$/g, ""));
  return at < 0 ? first.length : at;
}

/** Needs of the test files in a folder of `test/live`, besides an engine. */
const folderNeeds: Readonly<Record<string, readonly Need[]>> = {
  docker: [],
  kubernetes: ["cluster"],
  machines: ["machines", "airflow2"],
  versions: ["airflow2"],
};

/** Live tests that need Airflow 2, too. */
const upgrading = ["test/live/kubernetes/stacks.test.ts"];

function liveJob(file: string): Job {
  const folder = file.split("/")[2] ?? "";
  const needs = folderNeeds[folder]?.concat(upgrading.includes(file) ? ["airflow2"] : []);
  if (!needs)
    throw new Error(
      `${file} is in no folder of live tests; move it, by its needs, to one of ${Object.keys(folderNeeds).join(", ")} of test/live.`,
    );
  const shared = file.endsWith("/node.test.ts") ? "alone" : "shared";
  const inCluster = needs.includes("cluster") ? shared : "no";
  return { name: file, suite: "live", files: [file], needs: ["engine", ...needs], inCluster };
}

/** Divides test files into jobs, in start order. Unit tests share a job, as each further process would cost a second. */
export function jobsOf(files: readonly string[]): Job[] {
  const of = (suite: Suite) => files.filter((file) => suiteOf(file) === suite);
  const whole = (suite: Suite, needs: readonly Need[]): Job[] =>
    of(suite).length === 0 ? [] : [{ name: suite, suite, files: of(suite), needs, inCluster: "no" }];
  const live = of("live").toSorted((one, other) => rank(one) - rank(other));
  return [...whole("unit", []), ...live.map(liveJob), ...whole("scan", ["scanners"])];
}
