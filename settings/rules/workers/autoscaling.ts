import { textOf } from "../../model/sources.ts";
import { hostElsewhere, onlyByName, postgresLogin } from "../../model/urls/postgresUrl.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

const parts = ["workerAutoscale", "workerGroups.*.autoscale", "postgres.*", "extraHosts.*"] as const;

/** Rejects a database whose name the autoscaler cannot resolve; an unreadable URL is checked during the deployment. */
export const autoscalingRule = rule(parts, ({ workerAutoscale, workerGroups, postgres, extraHosts }) => {
  const isScaled = workerAutoscale !== undefined || workerGroups.some(([, { autoscale }]) => autoscale);
  const path = ["postgres", "url"];
  const url = textOf(postgres.url);
  if (!isScaled || url === undefined || !isUsable(url)) return [];
  const host = hostElsewhere(postgresLogin(url), postgres.ca, extraHosts);
  return faultAt(path, host === undefined ? onlyByName : undefined);
});

/** False for a URL that other rules report. */
function isUsable(url: string): boolean {
  try {
    postgresLogin(url);
    return true;
  } catch {
    return false;
  }
}
