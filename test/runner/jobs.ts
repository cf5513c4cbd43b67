import { globSync } from "node:fs";
import { project } from "../../tools/lib/process.ts";

/** A thing that tests find there, and that takes minutes to make on a machine that never had it. */
export type Need = "engine" | "airflow2" | "cluster" | "machines" | "scanners";

export type Suite = "unit" | "scan" | "live";

/** Files of tests that one process runs. */
export interface Job {
  /** A path below the project, or the name of a suite. */
  readonly name: string;
  readonly suite: Suite;
  readonly files: readonly string[];
  readonly needs: readonly Need[];
  /** Keeps others of its kind away: the cluster takes two at a time, and none beside the file that takes a node away. */
  readonly inCluster: "no" | "shared" | "alone";
}

const globs: Readonly<Record<Suite, string>> = {
  unit: "test/unit/*.test.ts",
  scan: "test/scan/*.test.ts",
  live: "test/live/*.test.ts",
};

export const suites = Object.keys(globs) as Suite[];

/** Every file of tests that `npm test` runs, sorted. */
export function testFiles(): string[] {
  return Object.values(globs).flatMap((glob) => globSync(glob, { cwd: project }).sort());
}

export function suiteOf(file: string): Suite {
  const suite = suites.find((name) => file.startsWith(`test/${name}/`));
  if (!suite)
    throw new Error(`${file} is in no suite; expected a file of ${Object.values(globs).join(", ")}.`);
  return suite;
}

/** Live files in the order of their starts: the longest, and those that others wait for. The rest follows. */
const first = [
  "machines",
  "deploying.kubernetes",
  "faults.kubernetes",
  "stacks.kubernetes",
  "parity.kubernetes",
  "node.kubernetes",
  "faults.docker",
  "deploying.docker",
  "rotation",
  "declared",
  "newUser",
  "external",
];

function rank(file: string): number {
  const at = first.findIndex((name) => file.endsWith(`/${name}.test.ts`));
  return at < 0 ? first.length : at;
}

function needsOf(file: string): Need[] {
  return [
    "engine",
    ...(/\.kubernetes\./.test(file) ? (["cluster"] as const) : []),
    ...(/\/machines\./.test(file) ? (["machines"] as const) : []),
    ...(/\/(versions|known)\./.test(file) ? (["airflow2"] as const) : []),
  ];
}

function liveJob(file: string): Job {
  const inCluster = !file.includes(".kubernetes.") ? "no" : file.includes("/node.") ? "alone" : "shared";
  return { name: file, suite: "live", files: [file], needs: needsOf(file), inCluster };
}

/** Jobs of these files, in the order of their starts. Unit tests are one job, since a process of their own costs each a second. */
export function jobsOf(files: readonly string[]): Job[] {
  const of = (suite: Suite) => files.filter((file) => suiteOf(file) === suite);
  const whole = (suite: Suite, needs: readonly Need[]): Job[] =>
    of(suite).length === 0 ? [] : [{ name: suite, suite, files: of(suite), needs, inCluster: "no" }];
  const live = of("live").toSorted((one, other) => rank(one) - rank(other));
  const isLast = ({ name }: Job) => name.includes("/drill.");
  const jobs = [...whole("unit", []), ...live.map(liveJob), ...whole("scan", ["scanners"])];
  // The drill's promises are in seconds, so that it runs when little else does.
  return [...jobs.filter((job) => !isLast(job)), ...jobs.filter(isLast)];
}
