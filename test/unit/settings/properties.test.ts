import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { stringify } from "yaml";
import { parsedValue } from "../../../settings/read/read.ts";
import { validate } from "../../../settings/read/validate.ts";
import { render } from "../../../tools/render.ts";
import { type Declared, declare } from "../mocks.ts";
import { raw } from "../settingsFrom.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { type Any, stacks } from "./arbitrary.ts";

const folder = temporaryFolder("properties");

/** Runs of each property, a few seconds of CPU time each; the first failure is minimised and reported, for a minute. */
const effort = { numRuns: 4, interruptAfterTimeLimit: 60_000 };

/** Platform of each base, with the keys that it requires. */
const bases: Readonly<Record<"docker" | "kubernetes", Any>> = {
  docker: { platform: "docker" },
  kubernetes: {
    platform: "kubernetes",
    dagsImage: "registry.example.com/dags",
    images: Object.fromEntries(
      ["airflow", "postgres", "redis", "pgbouncer", "backup", "monitoring"].map((name) => [
        name,
        `r.example.com/${name}:1.2.3`,
      ]),
    ),
  },
};

/** Removes the value at a path, or the nearest object key around it if it is missing or in a list. */
function without(given: Any, path: readonly PropertyKey[]): Any {
  const copy = structuredClone(given);
  const holders = path.map((_, length) =>
    path.slice(0, length).reduce<unknown>((value, part) => Reflect.get(Object(value), part), copy),
  );
  const last = holders.findLastIndex(
    (holder, at) => !Array.isArray(holder) && Object.hasOwn(Object(holder), path[at] ?? ""),
  );
  if (last >= 0) Reflect.deleteProperty(Object(holders[last]), path[last] ?? "");
  return copy;
}

/** Declares a stack; sorts the result, as independent resources are declared in any order. */
async function inOrder(given: Any): Promise<Declared[]> {
  const declared = await declare(given);
  return declared.sort((one, other) =>
    `${one.type} ${one.name}`.localeCompare(`${other.type} ${other.name}`),
  );
}

/** Removes values until none is refused. */
function valid(given: Any): Any {
  const parsed = Object.entries(raw(given)).map(([key, text]) => [key, parsedValue(key, text)]);
  const { faults } = validate(Object.fromEntries(parsed));
  if (faults.length === 0) return given;
  const less = faults.reduce((rest, { path }) => without(rest, path), given);
  // If the fault is a missing value, nothing can be removed there: some other key requires it.
  const last =
    Object.keys(given).findLast((key) => !(key in bases.kubernetes)) ?? assert.fail(JSON.stringify(faults));
  return valid(isDeepStrictEqual(less, given) ? without(given, [last]) : less);
}

/** Tries a property on stacks. Waits for the last run, which goes on after a timeout and would declare to the mocks of the next test. */
async function holds(stacks: fc.Arbitrary<Any>, property: (given: Any) => Promise<void>): Promise<void> {
  let last: Promise<void> | undefined;
  const predicate = (given: Any) => {
    last = property(given);
    return last;
  };
  await fc.assert(fc.asyncProperty(stacks, predicate), effort);
  await last;
}

for (const platform of ["docker", "kubernetes"] as const) {
  const base = bases[platform];
  const arbitrary = stacks(platform).map((given) => valid({ ...given, ...base }));

  test(`valid stacks on ${platform} differ in their keys`, () => {
    const keys = new Set(fc.sample(arbitrary, 10).flatMap((given) => Object.keys(given)));
    assert.ok(keys.size > 20, [...keys].join(", "));
  });

  test(`every valid stack on ${platform} is declared, twice with the same resources`, () =>
    holds(arbitrary, async (given) => assert.deepEqual(await inOrder(given), await inOrder(given))));
}

test("every valid stack in a cluster is rendered, twice with the same manifests", async () => {
  const file = join(folder, "Pulumi.any.yaml");
  const arbitrary = stacks("kubernetes").map((given) => valid({ ...given, ...bases.kubernetes }));
  await holds(arbitrary, async (given) => {
    const config = Object.fromEntries(Object.entries(given).map(([key, value]) => [`airflow:${key}`, value]));
    writeFileSync(file, stringify({ config }));
    const rendered = await render("any", file);
    assert.ok(rendered.manifests.length > 20);
    assert.deepEqual(await render("any", file), rendered);
  });
});
