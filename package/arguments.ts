import * as pulumi from "@pulumi/pulumi";
import type { Arguments } from "../settings/read/arguments.ts";
import type { Path } from "../settings/schema/path.ts";
import type { RawConfig } from "../settings/schema/schema.ts";

type Deep<T> = pulumi.Input<
  T extends readonly (infer Item)[]
    ? readonly Deep<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Deep<T[Key]> }
      : T
>;

/** Keys of a stack file, without `airflow:`, each of which may come from another resource. */
export type AirflowStackArgs = { readonly [Key in keyof RawConfig]: Deep<RawConfig[Key]> };

/** Arguments whose outputs are resolved. */
interface ResolvedArguments extends Arguments {
  /** Paths of values that are unknown before other resources are deployed. */
  readonly unknown: readonly Path[];
  /** Resources that the values come from. */
  readonly sources: readonly pulumi.Resource[];
}

/** Waits for the values of all outputs, and finds the resources that they come from. */
export async function resolveArguments(label: string, args: AirflowStackArgs): Promise<ResolvedArguments> {
  const [serialized, dependencies] = await pulumi.runtime.serializeResourceProperties(label, args);
  const secret: Path[] = [];
  const unknown: Path[] = [];
  const plain = (value: unknown, path: Path): unknown => {
    if (pulumi.runtime.isRpcSecret(value)) {
      secret.push(path);
      return plain(pulumi.runtime.unwrapRpcSecret(value), path);
    }
    if (value === pulumi.runtime.unknownValue) unknown.push(path);
    if (Array.isArray(value)) return value.map((item, at) => plain(item, [...path, at]));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, plain(inner, [...path, key])]),
    );
  };
  const entries = Object.entries(serialized).map(([key, value]) => [key, plain(value, [key])]);
  const sources = new Set([...dependencies.values()].flatMap((resources) => [...resources]));
  return { values: Object.fromEntries(entries), secret, unknown, sources: [...sources] };
}

/** Renders values as text, as the CLI passes those of a stack file. */
export function asTexts(values: Arguments["values"]): Readonly<Record<string, string>> {
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, text(value)]));
}
