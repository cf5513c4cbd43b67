import { defaultVersion } from "../../schema/versions.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Complete versions have three numbers, those of Postgres two. */
const complete = { three: /^v?\d+\.\d+\.\d+([-+._].+)?$/, two: /^v?\d+\.\d+([-+._].+)?$/ };
const floating = /(^|[-._])(latest|stable|main|master|edge|nightly|dev)($|[-._])/i;

/** Explains why an image's name may mean another image tomorrow; undefined if it always means the same. */
function floats(image: string, isPostgres: boolean): string | undefined {
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return;
  const tag = /:([^:/@]+)$/.exec(image)?.[1];
  if (tag === undefined) return "it has no tag, which means latest";
  if (floating.test(tag)) return `${tag} may be another image tomorrow`;
  if (!(isPostgres ? complete.two : complete.three).test(tag)) return `${tag} is not a complete version`;
  return;
}

/** Rejects public images of Redis, which lack the program that tells the container of a start; those of Postgres have all. */
export const redisImageRule = rule(["images.redis"], ({ images: { redis } }) =>
  faultAt(
    ["images", "redis"],
    /^(docker\.io\/)?(library\/|bitnami(legacy)?\/|valkey\/)?(redis|valkey)(?![\w/-])/.test(redis ?? "")
      ? "it lacks the programs that the stack starts Redis with: expected the image that npm run images builds, or redis.url"
      : undefined,
  ),
);

/** Requires exact images in production. Images from `images/` pass: they are named by content. */
export const imageRule = rule(["production", "images.*"], ({ production, images }) => {
  if (!production) return [];
  return Object.entries(images).flatMap(([name, image]) => {
    const problem = floats(image, name === "postgres");
    const example = name === "postgres" ? "16.10" : defaultVersion;
    const message = `production: true, and ${problem}: expected a digest, NAME@sha256:…, or a complete version, NAME:${example}`;
    return faultAt(["images", name], problem && message);
  });
});
