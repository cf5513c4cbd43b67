import type { Settings } from "../../../settings/model/groups.ts";
import { stackFlag } from "../../../settings/model/names/stackFlag.ts";
import { AirflowApi } from "../airflow.ts";
import type { Outputs, Stack } from "../stack.ts";
import { reachWebserver } from "./reach.ts";

/** Seconds in which a webserver that starts again, or a tunnel to it, answers. */
const patience = 30;

/**
 * Calls Airflow's API; forwards a port to the webserver for that, if it is elsewhere.
 * @param outputs outputs of the stack, if they are known; by default they are read
 */
export async function overApi<T>(
  stack: Stack,
  settings: Settings,
  call: (api: AirflowApi) => Promise<T>,
  outputs?: Outputs,
): Promise<T> {
  const login = outputs ?? (await stack.outputs());
  if (login.version === undefined) {
    const flag = stackFlag(stack.name);
    throw new Error(`stack ${stack.name} is not deployed; expected npm run up${flag && ` --${flag}`} first.`);
  }
  const { url, end } = await reachWebserver(stack, settings);
  return call(new AirflowApi({ ...login, webserverUrl: url }, patience)).finally(end);
}
