import { derivedImage } from "../../images/derived.ts";
import { packagesOf } from "../packages.ts";
import type { Stated } from "../schema.ts";
import type { Fault } from "./fault.ts";

/** A cluster runs an image that was pushed: that of the packages that the stack names now. */
export function packagesFaults(parsed: Stated): Fault[] {
  const { platform, images } = parsed;
  const packages = packagesOf(parsed);
  if (platform === "docker" || packages === undefined || images.airflow === undefined) return [];
  const wanted = derivedImage(packages).replace(/^.*\//, "");
  if (images.airflow.includes(`/${wanted}`)) return [];
  const message =
    `its packages are not those that the stack names now: allowed is an image REPOSITORY/${wanted}; ` +
    "npm run images -- --push REPOSITORY --stack NAME builds, pushes and prints it";
  return [{ path: ["images", "airflow"], message }];
}
