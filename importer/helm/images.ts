import { convertImage, spellImage } from "../image.ts";
import { handled, type Item, type Outcome, taken, unsupported } from "../rule.ts";
import { namedVersion, type ValueLookup } from "./values.ts";

interface ImageValue {
  readonly repository?: string;
  readonly tag?: string | number;
  readonly digest?: string;
}

/** Returns the outcome of Airflow's image, which several keys name together; undefined if none of them is given. */
function convertAirflowImage(values: ValueLookup): Outcome | undefined {
  const { repository, tag, digest } = (values("images.airflow") ?? {}) as ImageValue;
  const image = {
    repository: repository ?? values("defaultAirflowRepository") ?? "apache/airflow",
    tag: tag ?? values("defaultAirflowTag") ?? values("airflowVersion"),
    digest: digest ?? values("defaultAirflowDigest"),
  };
  const isGiven =
    [repository, tag, digest].some(Boolean) ||
    values("defaultAirflowRepository") ||
    values("defaultAirflowTag") ||
    values("defaultAirflowDigest");
  if (!isGiven) return undefined;
  const text = (part: unknown) =>
    part === null || part === undefined || part === "" ? undefined : String(part);
  return convertImage(
    { repository: String(image.repository), tag: text(image.tag), digest: text(image.digest) },
    { keepOfficial: true, built: namedVersion(values) },
  );
}

export const airflow = (_: Item, values: ValueLookup): Outcome =>
  convertAirflowImage(values) ?? handled("it is the official one");

/** Takes over a custom image; the stack builds its own instead of the official ones. */
export function image(name: string, officials: RegExp) {
  return (_: Item, values: ValueLookup): Outcome => {
    const { repository, tag, digest } = (values(`images.${name}`) ?? {}) as ImageValue;
    if (!repository || officials.test(repository))
      return handled("the stack has an image of its own: npm run images");
    const reference = spellImage({ repository, tag: tag === undefined ? undefined : String(tag), digest });
    return taken(["images", name], reference);
  };
}

export const pullSecret = ({ value, path: [first, index = 0] }: Item): Outcome => {
  if (first !== "registry" && typeof index !== "number") return unsupported("expected a list");
  const { name = value } = Object(value) as { name?: unknown };
  return taken(["kubernetes", "pullSecrets", typeof index === "number" ? index : 0], name);
};
