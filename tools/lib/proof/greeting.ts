import { capabilities } from "../../../capabilities.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import type { Outputs } from "../stack.ts";
import { dagsPlace } from "./dags.ts";

/** Says where a stack's DAGs come from. */
export function dagsSentence(settings: Settings): string {
  const { dagsGit, dagsImage, platform, machines = [] } = settings;
  const place = dagsPlace(settings);
  if (dagsGit) return `come from ${place}`;
  if (dagsImage !== undefined)
    return `go to ${place}, and from there to the image ${dagsImage} with npm run up`;
  const isMounted = capabilities[platform].directories && machines.length < 2;
  return `go to ${place}${isMounted ? "" : ", and from there to the workers with npm run up"}`;
}

/** Address of the dashboards of a monitoring. */
export function dashboardsAt(url: string): string {
  return `${url}/consoles/index.html`;
}

/**
 * Says what people need to know of a deployed stack.
 * @param isTunnelled true if the URLs work only while `npm run open` runs
 */
export function greeting(stack: string, settings: Settings, outputs: Outputs, isTunnelled: boolean): string {
  const { flowerPort, monitoringPort, monitoring } = settings;
  const metrics = isTunnelled
    ? `${dashboardsAt(`http://127.0.0.1:${monitoringPort}`)}, likewise`
    : dashboardsAt(outputs.monitoringUrl ?? "");
  const shown = monitoring ? `  metrics   ${metrics}\n` : "";
  const flags = stack === "dev" ? "" : ` -- --stack ${stack}`;
  return `
  Airflow   ${outputs.webserverUrl}${isTunnelled ? `, while npm run open${flags} runs` : ""}
  Flower    ${isTunnelled ? `http://127.0.0.1:${flowerPort}, likewise` : outputs.flowerUrl}
${shown}  login     ${outputs.adminUser}, with the password that this prints:
            npm run --silent pulumi -- stack output adminPassword --show-secrets${flags.slice(3)}
  your DAGs ${dagsSentence(settings)}
  npm run down${flags} removes all this and keeps the data
`;
}
