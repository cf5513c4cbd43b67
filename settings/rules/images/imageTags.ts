import { defaultVersion } from "../../schema/versions.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** A complete version has three numbers, Postgres' has two. */
const complete = { three: /^v?\d+\.\d+\.\d+([-+._].+)?$/, two: /^v?\d+\.\d+([-+._].+)?$/ };
const floating = /(^|[-._])(latest|stable|main|master|edge|nightly|dev)($|[-._])/i;

/** Says why an image may be another one tomorrow; undefined if it stays the same. */
function floats(image: string, isPostgres: boolean): string | undefined {
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return;
  const tag = /:([^:/@]+)$/.exec(image)?.[1];
  if (tag === undefined) return "it has no tag, which means latest";
  if (floating.test(tag)) return `${tag} is another image tomorrow`;
  if (!(isPostgres ? complete.two : complete.three).test(tag)) return `${tag} is no complete version`;
  return;
}

/** Requires exact images in production. Images from `images/` pass: they are named by content. */
export const imageRule = rule(["production", "images.*"], ({ production, images }) => {
  if (!production) return [];
  return Object.entries(images).flatMap(([name, image]) => {
    const why = floats(image, name === "postgres");
    const example = name === "postgres" ? "16.10" : defaultVersion;
    const message = `production: true, and ${why}: expected a digest, NAME@sha256:…, or a complete version, NAME:${example}`;
    return faultAt(["images", name], why && message);
  });
});
