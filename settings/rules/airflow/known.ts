import { type Known, knownSettings } from "../../model/known.ts";
import { type Fault, faultAt } from "../fault.ts";
import { hint, nearest } from "../nearest.ts";
import { rule } from "../rule.ts";
import { isReserved } from "./reserved.ts";

/** Sections whose keys Airflow does not define: options of a transport, and of the Sentry client. */
const freeForm = /_transport_options$|^sentry$/;

/** Says what to use instead of a renamed, removed or command setting; undefined for any other. */
function instead(known: Known, version: string, section: string, key: string): string | undefined {
  const name = `${section}.${key}`;
  const { [name]: renamed } = known.renamed;
  if (renamed !== undefined)
    return `Airflow ${version} has another name for it: expected settings.${renamed}`;
  const { [name]: removed } = known.removed;
  if (removed !== undefined) {
    const hint = removed === "" ? "" : `: ${removed.replace(/\.$/, "")}`;
    return `Airflow ${version} no longer has it${hint}; expected to leave it out`;
  }
  const plain = key.replace(/_(cmd|secret)$/, "");
  if (plain !== key && known.sections.get(section)?.includes(plain)) {
    return `a secret is no command: expected settings.${section}.${plain}, encrypted`;
  }
  return;
}

function ofKey(known: Known, version: string, section: string, key: string): string | undefined {
  const keys = known.sections.get(section);
  if (!keys || freeForm.test(section) || keys.includes(key)) return;
  const said = instead(known, version, section, key);
  if (said !== undefined) return said;
  const elsewhere = [...known.sections].filter(([, others]) => others.includes(key)).map(([other]) => other);
  const meant = nearest(key, keys);
  if (elsewhere.length > 0) {
    const others = elsewhere.map((other) => `settings.${other}.${key}`).join(" or ");
    return `Airflow ${version} does not know it in ${section}; expected ${others}`;
  }
  return meant === undefined
    ? `Airflow ${version} does not know it; expected ${keys.join(", ")}`
    : `Airflow ${version} does not know it; did you mean ${meant}? expected settings that it has`;
}

/** Guesses the known section that is meant by an unknown one: it has a similar name, and one of the keys. */
function sectionMeant(known: Known, section: string, keys: readonly string[]): string | undefined {
  const having = [...known.sections].filter(([, others]) => keys.some((key) => others.includes(key)));
  return nearest(
    section,
    having.map(([name]) => name),
  );
}

/**
 * Rejects settings that this version does not have, or has under another name. An unknown section may belong
 * to a provider that is not in the image: a section is accepted if the stack brings packages or an image of
 * its own, unless a known section of a similar name has the section's keys.
 */
export const knownRule = rule(["version", "settings.*.*"], ({ version, settings }, isGiven) => {
  const known = knownSettings(version);
  if (!known) return [];
  const brings = isGiven("images.airflow") || isGiven("requirements");
  return Object.entries(settings).flatMap(([section, values]): Fault[] => {
    const name = section.toLowerCase();
    const keys = Object.keys(values);
    const fault = (key: string, message: string | undefined): Fault[] => {
      const isOwn = isReserved(`${name}.${key.toLowerCase()}`);
      return faultAt(["settings", section, key], isOwn ? undefined : message);
    };
    if (known.sections.has(name) || freeForm.test(name)) {
      return keys.flatMap((key) => fault(key, ofKey(known, version, name, key.toLowerCase())));
    }
    const told = keys.map((key) => instead(known, version, name, key.toLowerCase()));
    if (told.some((message) => message !== undefined)) return keys.flatMap((key, at) => fault(key, told[at]));
    const lower = keys.map((key) => key.toLowerCase());
    const meant = sectionMeant(known, name, lower);
    if (brings && meant === undefined) return [];
    if (lower.every((key) => isReserved(`${name}.${key}`))) return [];
    const message =
      `Airflow ${version} has no such section; ${hint(meant)}expected ${[...known.sections.keys()].join(", ")}, ` +
      "and those of providers that requirements or images.airflow bring";
    return [{ path: ["settings", section], message }];
  });
});
