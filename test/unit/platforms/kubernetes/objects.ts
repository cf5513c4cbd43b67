import assert from "node:assert/strict";
import { cluster } from "../../cluster.ts";
import { declare } from "../../mocks.ts";

export type Plain = Record<string, unknown>;

/** Declares a stack in a cluster; returns its objects by kind and name. */
export async function declared(config: Plain): Promise<Map<string, Plain>> {
  const all = await declare({ ...cluster, ...config });
  const kind = (type: string) => type.slice(type.lastIndexOf(":") + 1);
  return new Map(all.map(({ type, name, inputs }) => [`${kind(type)} ${name}`, inputs as Plain]));
}

export function specOf(objects: Map<string, Plain>, name: string): Plain {
  return (objects.get(name)?.spec ?? assert.fail(`there is no ${name}`)) as Plain;
}

/** Picks the objects of a kind, by name. */
export function allOf(objects: Map<string, Plain>, kind: string): Map<string, Plain> {
  const own = [...objects].filter(([name]) => name.startsWith(`${kind} `));
  return new Map(own.map(([name, inputs]) => [name.slice(kind.length + 1), inputs]));
}

export function specsOf(objects: Map<string, Plain>, kind: string): Record<string, Plain> {
  const all = [...allOf(objects, kind)].map(([name, { spec }]) => [name, spec as Plain]);
  return Object.fromEntries(all);
}

/** Lists the pods of all workloads, with the workload's name and kind. */
export function podsOf(objects: Map<string, Plain>): [name: string, kind: string, pod: Plain][] {
  const pods = ["Deployment", "StatefulSet", "Job"].flatMap((kind) =>
    Object.entries(specsOf(objects, kind)).map(([name, { template }]): [string, string, Plain] => {
      return [name, kind, (template as { spec: Plain }).spec];
    }),
  );
  // A loop over no pods would prove nothing.
  assert.notEqual(pods.length, 0);
  return pods;
}
