import { capabilities } from "../../../capabilities.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { stackFlag } from "../../../settings/model/names/stackFlag.ts";
import { localFlowerUrl } from "../../../settings/model/published.ts";
import type { Outputs } from "../stack.ts";
import { dagsPlace, repositoryPlace } from "./dags.ts";

/** Describes the first source of a stack's DAGs. */
function firstSource(settings: Settings): string {
  const { dagsGit, dagsImage, platform, machines = [] } = settings;
  const place = dagsPlace(settings);
  if (dagsGit) return `come from ${place}`;
  if (dagsImage !== undefined) return `go to ${place}; npm run up then puts them into the image ${dagsImage}`;
  const isMounted = capabilities[platform].directories && machines.length < 2;
  return `go to ${place}${isMounted ? "" : "; npm run up then copies them to the workers"}`;
}

/** Describes the sources of a stack's DAGs, as the end of a sentence about DAGs. */
export function dagsSentence(settings: Settings): string {
  const others = settings.dagBundles.map((bundle) => `; ${bundle.name}: ${repositoryPlace(bundle)}`);
  return firstSource(settings) + others.join("");
}

/** Address of the dashboards of a monitoring. */
export function dashboardsAt(url: string): string {
  return `${url}/consoles/index.html`;
}

/**
 * Renders what people need to know about a deployed stack.
 * @param isTunnelled true if the URLs work only while `npm run open` runs
 */
export function greeting(stack: string, settings: Settings, outputs: Outputs, isTunnelled: boolean): string {
  const { monitoringPort, monitoring } = settings;
  const metricsUrl = isTunnelled
    ? `${dashboardsAt(`http://127.0.0.1:${monitoringPort}`)}, likewise`
    : dashboardsAt(outputs.monitoringUrl ?? "");
  const metrics = monitoring ? `  metrics   ${metricsUrl}\n` : "";
  const flag = stackFlag(stack);
  const flags = flag && ` --${flag}`;
  return `
  Airflow   ${outputs.webserverUrl}${isTunnelled ? `, while npm run open${flags} runs` : ""}
  Flower    ${isTunnelled ? `${localFlowerUrl(settings)}, likewise` : outputs.flowerUrl}
${metrics}  login     ${outputs.adminUser}, with the password that this prints:
            npm run --silent pulumi -- stack output adminPassword --show-secrets${flag}
  your DAGs ${dagsSentence(settings)}
  npm run down${flags} removes the stack and keeps its data
`;
}
