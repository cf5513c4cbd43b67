import type { Settings } from "../../../settings/model/groups.ts";
import { AirflowApi } from "../airflow.ts";
import type { Stack } from "../stack.ts";
import { reach } from "./reach.ts";

/** Calls Airflow's API; forwards the webserver's port for that, if it is elsewhere. */
export async function overApi<T>(
  stack: Stack,
  { webserverPort }: Settings,
  call: (api: AirflowApi) => Promise<T>,
): Promise<T> {
  const outputs = await stack.outputs();
  const end = await reach(stack);
  return call(new AirflowApi({ ...outputs, webserverUrl: `http://127.0.0.1:${webserverPort}` })).finally(end);
}
