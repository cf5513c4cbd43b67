import { capabilities } from "../../../capabilities.ts";
import { derivedImage } from "../../../images/derived.ts";
import { packageParts, packagesOf } from "../../model/packages.ts";
import { rule } from "../rule.ts";

/** Requires a cluster's pushed image to be the one with exactly the packages that the stack names. */
export const packageRule = rule(packageParts, (parsed) => {
  const { platform, images } = parsed;
  const packages = packagesOf(parsed);
  if (capabilities[platform].localImages || packages === undefined || images.airflow === undefined) return [];
  const wanted = derivedImage(packages).replace(/^.*\//, "");
  if (images.airflow.includes(`/${wanted}`)) return [];
  const message =
    `images.airflow, ${images.airflow}, was built with other packages: expected an image REPOSITORY/${wanted}, which ` +
    "npm run images -- --push REPOSITORY --stack NAME builds, pushes and prints";
  return [{ path: [parsed.requirements === undefined ? "systemPackages" : "requirements"], message }];
});
