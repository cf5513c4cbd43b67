import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { project, run } from "../../tools/lib/process.ts";

/** Files that are no code of the project, and that tests compare with it or leave alone. */
const prose = /^docs\/(?!configuration\.md)|\.png$/;

/** What a file runs by a way that names no file: the program by the CLI, and in a clone of its own whatever users run. */
const runs: Readonly<Record<string, readonly string[]>> = {
  "tools/lib/stack.ts": ["index.ts", "Pulumi.yaml", "package.json"],
  "test/live/clone.ts": [
    "tools/up.ts",
    "tools/down.ts",
    "tools/pulumi.ts",
    "tools/open.ts",
    "tools/status.ts",
    "tools/forget.ts",
  ],
};

/** Files of the project that a file names in quotes, or a script behind `$here/`, relative to itself or to the project. */
function namedIn(file: string): string[] {
  if (!/\.(ts|sh|py)$|\/run$/.test(file)) return [];
  const text = readFileSync(join(project, file), "utf8");
  const quoted = [...text.matchAll(/(?:["'`]|\$here\/)([\w./@-]+)/g)].map(([, name = ""]) => name);
  const paths = quoted.flatMap((name) => [normalize(join(dirname(file), name)), normalize(name)]);
  const isFile = (path: string) =>
    !path.startsWith("..") && (statSync(join(project, path), { throwIfNoEntry: false })?.isFile() ?? false);
  return [...new Set(paths)].filter(isFile);
}

/** The files that each file is made of, or runs. */
function graph(files: readonly string[]): Map<string, readonly string[]> {
  return new Map(files.map((file) => [file, [...namedIn(file), ...(runs[file] ?? [])]]));
}

function reach(from: string, edges: ReadonlyMap<string, readonly string[]>): Set<string> {
  const seen = new Set<string>();
  const open = [from];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    open.push(...(edges.get(file) ?? []));
  }
  return seen;
}

/** Tests that can notice changes: those that reach a changed file; all, if no test reaches it. */
export function noticing(
  tests: readonly string[],
  changed: readonly string[],
  edges: ReadonlyMap<string, readonly string[]>,
): string[] {
  const reached = new Map(tests.map((test) => [test, reach(test, edges)]));
  const known = changed.every(
    (file) => prose.test(file) || tests.some((test) => reached.get(test)?.has(file)),
  );
  return known ? tests.filter((test) => changed.some((file) => reached.get(test)?.has(file))) : [...tests];
}

async function lines(...git: string[]): Promise<string[]> {
  return (await run("git", git)).split("\n").filter((line) => line !== "");
}

/**
 * Files that differ from a commit, or that Git does not know.
 * @param since commit; `HEAD` for what is not committed
 */
export async function changedSince(since: string): Promise<string[]> {
  const differing = await lines("diff", "--name-only", since);
  return [...differing, ...(await lines("ls-files", "--others", "--exclude-standard"))];
}

/** Files of tests that can notice changes of these files. */
export async function reachedBy(tests: readonly string[], changed: readonly string[]): Promise<string[]> {
  const files = await lines("ls-files", "--cached", "--others", "--exclude-standard");
  return noticing(tests, changed, graph(files.filter((file) => existsSync(join(project, file)))));
}
