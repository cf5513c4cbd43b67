import { readFileSync } from "node:fs";
import { capabilities } from "../../../capabilities.ts";
import { derivedImage } from "../../../images/derived.ts";
import { packageParts, packagesOf } from "../../model/packages.ts";
import { rule } from "../rule.ts";

/** Lists lines that refer to files outside the image; their changes would not change its name. */
function elsewhere(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) =>
    /^(-r|-c|-e|--requirement|--constraint|--editable)\b|^\.{0,2}\/|file:/.test(line),
  );
}

const requirements = rule(["requirements"], ({ requirements }) => {
  if (requirements === undefined) return [];
  return elsewhere(readFileSync(requirements, "utf8")).map((line) => ({
    path: ["requirements"],
    message: `it says ${line}: expected packages by name, since no other file goes into the image`,
  }));
});

/** Requires the pushed image of a cluster to have the packages that the stack names now. */
const pushed = rule(packageParts, (parsed) => {
  const { platform, images } = parsed;
  const packages = packagesOf(parsed);
  if (capabilities[platform].localImages || packages === undefined || images.airflow === undefined) return [];
  const wanted = derivedImage(packages).replace(/^.*\//, "");
  if (images.airflow.includes(`/${wanted}`)) return [];
  const message =
    `images.airflow, ${images.airflow}, has other packages: expected an image REPOSITORY/${wanted}, which ` +
    "npm run images -- --push REPOSITORY --stack NAME builds, pushes and prints";
  return [{ path: [parsed.requirements === undefined ? "systemPackages" : "requirements"], message }];
});

/** Checks for packages that an image cannot have, or does not have yet. */
export const packageRules = [requirements, pushed];
