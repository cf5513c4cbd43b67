import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { project, run } from "../../tools/lib/process.ts";

/** Files outside the code: if no test reaches one, its change does not require all tests. */
const prose = /^docs\/(?!configuration\.md)|\.png$/;

/** Files that a file runs without naming them: the CLI runs the program, a clone runs the users' commands. */
const runs: Readonly<Record<string, readonly string[]>> = {
  "tools/lib/stack.ts": ["index.ts", "Pulumi.yaml", "package.json"],
  "test/live/lib/clone.ts": [
    "tools/up.ts",
    "tools/down.ts",
    "tools/pulumi.ts",
    "tools/open.ts",
    "tools/status.ts",
    "tools/forget.ts",
  ],
};

/** Finds project files that a file names in quotes, or after `$here/` in a script; paths are relative to either. */
function namedIn(file: string): string[] {
  if (!/\.(ts|sh|py)$|\/run$/.test(file)) return [];
  const text = readFileSync(join(project, file), "utf8");
  const quoted = [...text.matchAll(/(?:["'`]|\$here\/)([\w./@-]+)/g)].map(([, name = ""]) => name);
  const paths = quoted.flatMap((name) => [normalize(join(dirname(file), name)), normalize(name)]);
  const isFile = (path: string) =>
    !path.startsWith("..") && (statSync(join(project, path), { throwIfNoEntry: false })?.isFile() ?? false);
  return [...new Set(paths)].filter(isFile);
}

/** Maps each file to the files that it names or runs. */
function graph(files: readonly string[]): Map<string, readonly string[]> {
  return new Map(files.map((file) => [file, [...namedIn(file), ...(runs[file] ?? [])]]));
}

/** Finds a file and all files that it reaches, directly or not. */
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

/** Selects the tests that reach a changed file; all tests if a changed file is reached by none. */
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
 * Lists files that differ from a commit, and untracked files.
 * @param since commit; `HEAD` for uncommitted changes
 */
export async function changedSince(since: string): Promise<string[]> {
  const differing = await lines("diff", "--name-only", since);
  return [...differing, ...(await lines("ls-files", "--others", "--exclude-standard"))];
}

/** Selects the test files that can notice a change of these files. */
export async function reachedBy(tests: readonly string[], changed: readonly string[]): Promise<string[]> {
  const files = await lines("ls-files", "--cached", "--others", "--exclude-standard");
  return noticing(tests, changed, graph(files.filter((file) => existsSync(join(project, file)))));
}
