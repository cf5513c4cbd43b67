import { type Role, roles } from "../../roles.ts";
import { isOfficial, supportedVersion, versionOfTag, versions } from "../image.ts";
import { handled, type Item, type Outcome, taken, unsupported } from "../rule.ts";
import { convertSecret, type IsProvidedHost } from "../secrets.ts";
import type { ImportContext } from "../settings.ts";
import type { SourcePath } from "../source.ts";

/** Looks up other values, by dotted path. */
export type ValueLookup = (path: string) => unknown;

export const isTemplate = (value: unknown) => typeof value === "string" && value.includes("{{");

export const template = unsupported("it is a template of Helm's: give its rendered value");

export const off = handled("it is off");

export const aWholeNumber = "a whole number";

const plainlyNamed = roles.filter((role) => role !== "worker" && role !== "migration");

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Roles of the stack, by their names in the chart. */
export const rolesByChartName: Readonly<Record<string, Role>> = {
  ...Object.fromEntries(plainlyNamed.map((role) => [camelCase(role), role])),
  workers: "worker",
  apiServer: "webserver",
  createUserJob: "migration",
  migrateDatabaseJob: "migration",
};

export const anyRole = `{${Object.keys(rolesByChartName).join(",")}}`;

export const chartRoles = `{${Object.keys(rolesByChartName)
  .filter((name) => name !== "workers")
  .join(",")}}`;

/** True for hosts of the chart's own services, which are templates. */
const isOwn: IsProvidedHost = (host) => host.includes("{{");

export function chartImportContext(values: ValueLookup): ImportContext {
  return { isOwn, groups: () => [[]], version: versionIn(values) };
}

/** Returns Airflow's version in the stack; the newest one if the values name none. */
export function versionIn(values: ValueLookup): string {
  const named = namedVersion(values);
  return (named && supportedVersion(named)) ?? versions[0] ?? "";
}

/** Returns the version that the values name: `airflowVersion`, or the tag of an official image. */
export function namedVersion(values: ValueLookup): string | undefined {
  const text = (path: string) => String(values(path) ?? "");
  const repository =
    text("images.airflow.repository") || text("defaultAirflowRepository") || "apache/airflow";
  const tag = text("images.airflow.tag") || text("defaultAirflowTag");
  return versionOfTag(text("airflowVersion")) ?? (isOfficial({ repository }) ? versionOfTag(tag) : undefined);
}

/** Takes over the name of a Secret, with the key that the chart uses in the Secret. */
export function namedSecretRule(path: SourcePath, key: string, note?: string) {
  return ({ value }: Item): Outcome => taken(path, { secret: value, key }, note);
}

export function secretRule(path: SourcePath) {
  return ({ value }: Item): Outcome => (isTemplate(value) ? template : convertSecret(path, String(value)));
}

/** Makes the rule of a switch, from its outcomes when it is on and when it is off. */
export const whenOn =
  (on: Outcome, otherwise = off) =>
  ({ value }: Item): Outcome =>
    value === true ? on : otherwise;

/** Makes the rule of a part of the chart with a switch of its own, such as `webserver.hpa.enabled`. */
export const unlessOff =
  (why: string) =>
  ({ path }: Item, values: ValueLookup): Outcome =>
    values(`${path.slice(0, 2).join(".")}.enabled`) === true ? unsupported(why) : off;

export const onlyIf =
  (flag: string, why: string) =>
  (_: Item, values: ValueLookup): Outcome =>
    values(flag) === true ? unsupported(why) : off;
