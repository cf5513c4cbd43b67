import { monitoringPort as storePort } from "../../../components/monitoring/monitoring.ts";
import { roleTable } from "../../../roles.ts";
import type { Settings } from "../../../settings/model/groups.ts";

/** A service that people open in a browser. */
export interface Opened {
  readonly service: string;
  /** Instances; the first has the port `local` of the loopback interface here, each other one the next. */
  readonly replicas: number;
  /** Port in the container. */
  readonly port: number;
  readonly local: number;
}

/** Lists the services of a stack that people open. */
export function openedOf(settings: Settings): readonly Opened[] {
  const { webservers, webserverPort, flowerPort, monitoringPort, monitoring } = settings;
  return [
    { service: "webserver", replicas: webservers, port: roleTable.webserver.port, local: webserverPort },
    { service: "flower", replicas: 1, port: roleTable.flower.port, local: flowerPort },
    ...(monitoring ? [{ service: "monitoring", replicas: 1, port: storePort, local: monitoringPort }] : []),
  ];
}
