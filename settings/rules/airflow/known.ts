import { type Known, knownSettings } from "../../model/known.ts";
import { type Fault, faultAt } from "../fault.ts";
import { hint, nearest, settingOf } from "../nearest.ts";
import { rule } from "../rule.ts";
import { isReserved } from "./reserved.ts";

/** Sections whose keys Airflow does not define: options of a broker transport, and of the Sentry client. */
const freeForm = /_transport_options$|^sentry$/;

/** Explains what replaces a renamed, a removed or a `_cmd` setting; undefined for any other setting. */
function replacementOf(known: Known, version: string, section: string, key: string): string | undefined {
  const name = `${section}.${key}`;
  const { [name]: renamed } = known.renamed;
  if (renamed !== undefined) return `Airflow ${version} calls it ${renamed}: expected settings.${renamed}`;
  const { [name]: removed } = known.removed;
  if (removed !== undefined) {
    const hint = removed === "" ? "" : `: ${removed.replace(/\.$/, "")}`;
    return `Airflow ${version} no longer has it${hint}; expected no value; remove it`;
  }
  const direct = key.replace(/_(cmd|secret)$/, "");
  if (known.sections.get(section)?.includes(direct)) {
    return `a stack file gives the secret itself, not a command for it: expected settings.${section}.${direct}, encrypted`;
  }
  return;
}

function optionProblem(known: Known, version: string, section: string, key: string): string | undefined {
  const keys = known.sections.get(section);
  if (!keys || freeForm.test(section) || keys.includes(key)) return;
  const alternative = replacementOf(known, version, section, key);
  if (alternative !== undefined) return alternative;
  const elsewhere = [...known.sections].filter(([, others]) => others.includes(key)).map(([other]) => other);
  const setting = settingOf(key);
  if (setting !== undefined) return `its name is that of a variable: expected ${setting}`;
  const meant = nearest(key, keys);
  if (elsewhere.length > 0) {
    const others = elsewhere.map((other) => `settings.${other}.${key}`).join(" or ");
    return `Airflow ${version} does not know it in ${section}; expected ${others}`;
  }
  return meant === undefined
    ? `Airflow ${version} does not know it; expected ${keys.join(", ")}`
    : `Airflow ${version} does not know it; did you mean ${meant}? expected a setting that this version has`;
}

/** Finds the known section with the name most similar to an unknown one, among those with one of its keys. */
function sectionMeant(known: Known, section: string, keys: readonly string[]): string | undefined {
  const having = [...known.sections].filter(([, others]) => keys.some((key) => others.includes(key)));
  return nearest(
    section,
    having.map(([name]) => name),
  );
}

/**
 * Rejects unknown and renamed settings, with the new name. An unknown section may belong to a provider that is not in
 * the image, so it is accepted if the stack adds packages or names an image, unless a known section of a similar name
 * has one of its keys.
 */
export const knownRule = rule(["version", "settings.*.*"], ({ version, settings }, isGiven) => {
  const known = knownSettings(version);
  if (!known) return [];
  const addsPackages = isGiven("images.airflow") || isGiven("requirements");
  return Object.entries(settings).flatMap(([section, values]): Fault[] => {
    const name = section.toLowerCase();
    const keys = Object.keys(values);
    const fault = (key: string, message: string | undefined): Fault[] => {
      const isOwn = isReserved(`${name}.${key.toLowerCase()}`);
      return faultAt(["settings", section, key], isOwn ? undefined : message);
    };
    if (known.sections.has(name) || freeForm.test(name)) {
      return keys.flatMap((key) => fault(key, optionProblem(known, version, name, key.toLowerCase())));
    }
    const others = keys.map((key) => replacementOf(known, version, name, key.toLowerCase()));
    if (others.some((message) => message !== undefined))
      return keys.flatMap((key, at) => fault(key, others[at]));
    const lower = keys.map((key) => key.toLowerCase());
    const meant = sectionMeant(known, name, lower);
    if (addsPackages && meant === undefined) return [];
    if (lower.every((key) => isReserved(`${name}.${key}`))) return [];
    const message =
      `Airflow ${version} has no such section; ${hint(meant)}expected ${[...known.sections.keys()].join(", ")}, ` +
      "and those of providers that requirements or images.airflow bring";
    return [{ path: ["settings", section], message }];
  });
});
