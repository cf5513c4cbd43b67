import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { faultsOf, rules } from "../../../settings/read/crossChecks.ts";
import { parseStackFile } from "../../../settings/read/stackFile.ts";
import type { Fault } from "../../../settings/rules/fault.ts";
import { type Rule, rule } from "../../../settings/rules/rule.ts";
import { schema } from "../../../settings/schema/schema.ts";
import { type BadRow, rows } from "./bad/rows.ts";

type Values = Readonly<Record<string, unknown>>;

/** Value of a type that no key of a stack has. */
const wrong = () => undefined;

/** Returns the values of a row; none if its text is not a stack file. */
function valuesOf({ name, config }: BadRow): Values {
  try {
    return parseStackFile(config, name).values;
  } catch {
    return {};
  }
}

/** Pairs of a rule and a stack in which the rule finds faults, with the paths that it asks for presence. */
const found = rows.flatMap((row) => {
  const { name } = row;
  const values = valuesOf(row);
  return rules.flatMap((one) => {
    const asked = new Set<string>();
    const spied: Rule = {
      ...one,
      check: (parts, isGiven) =>
        one.check(parts, (path) => {
          asked.add(path);
          return isGiven(path);
        }),
    };
    const faults = faultsOf(spied, values);
    return faults.length > 0 ? [{ name, values, one, faults, asked: [...asked] }] : [];
  });
});

/** Lists the keys of a stack, and the keys in those that are objects. */
function paths(): string[] {
  return Object.entries(schema.shape).flatMap(([key, type]) => {
    const inner: z.core.$ZodType = "unwrap" in type ? type.unwrap() : type;
    const keys = inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
    return [key, ...keys.map((part) => `${key}.${part}`)];
  });
}

/** True if one path leads to the other; `*` is any step. */
function overlap(one: string, other: string): boolean {
  const steps = other.split(".");
  return one.split(".").every((step, at) => [undefined, "*", step].includes(steps[at]) || step === "*");
}

/** Copies a stack with a wrong value at a path. */
function withWrong(values: Values, path: string): Values {
  const [key = "", part] = path.split(".");
  return { ...values, [key]: part === undefined ? wrong : { ...Object(values[key]), [part]: wrong } };
}

test("a rule finds the same faults beside any wrong value that it does not declare", () => {
  let pairs = 0;
  for (const { name, values, one, faults, asked } of found) {
    for (const path of paths()) {
      if ([...one.needs, ...asked].some((need) => overlap(need, path))) continue;
      assert.deepEqual(faultsOf(one, withWrong(values, path)), faults, `${name}, ${path}`);
      pairs++;
    }
  }
  assert.ok(pairs > 10_000, `${pairs} pairs`);
});

test("a rule about items finds the same faults beside a wrong item", () => {
  let pairs = 0;
  for (const { name, values, one, faults } of found) {
    for (const [key, list] of Object.entries(values)) {
      const ofKey = one.needs.filter((need) => overlap(need, key));
      if (!Array.isArray(list) || !ofKey.every((need) => need.startsWith(`${key}.*`))) continue;
      assert.deepEqual(faultsOf(one, { ...values, [key]: [...list, wrong] }), faults, `${name}, ${key}`);
      pairs++;
    }
  }
  assert.ok(pairs >= 25, `${pairs} pairs`);
});

test("a rule finds no fault if a value that it declares is wrong", () => {
  let pairs = 0;
  for (const { name, values, one } of found) {
    for (const need of one.needs.filter((path) => !path.includes("*") && path in schema.shape)) {
      assert.deepEqual(faultsOf(one, withWrong(values, need)), [], `${name}, ${need}`);
      pairs++;
    }
  }
  assert.ok(pairs > 100, `${pairs} pairs`);
});

test("a rule cannot read a value that it does not declare", () => {
  const faults = (text: unknown): Fault[] => [{ path: [], message: String(text) }];
  // @ts-expect-error workers is not declared
  rule(["machines"], ({ workers }) => faults(workers));
  // @ts-expect-error postgres.settings is not declared
  rule(["postgres.url"], ({ postgres: { settings } }) => faults(settings));
  // @ts-expect-error the queues of groups are not declared
  rule(["workerGroups.*.name"], ({ workerGroups: [group] }) => faults(group?.[1].queues));
  // @ts-expect-error there is no such key
  rule(["wrokers"], () => []);
  const declared = rule(["workers"], ({ workers }) => faults(workers));
  assert.deepEqual(faultsOf(declared, { workers: 3 }), [{ path: [], message: "3" }]);
  assert.deepEqual(faultsOf(declared, { workers: "3" }), []);
});
