import { monitoringPort } from "../../../components/monitoring/monitoring.ts";
import { roleTable } from "../../../roles.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { type OpenedService, openedServices } from "../../../settings/model/published.ts";

/** A service that people open, with its port in the container, and that of the loopback interface here. */
export interface Opened extends Omit<OpenedService, "port"> {
  readonly port: number;
  readonly local: number;
}

/** Lists the services of a stack that people open, with both of their ports. */
export function openedOf(settings: Settings): Opened[] {
  const ports = {
    webserver: roleTable.webserver.port,
    flower: roleTable.flower.port,
    monitoring: monitoringPort,
  };
  return openedServices(settings).map((opened) => ({
    ...opened,
    port: ports[opened.service],
    local: opened.port,
  }));
}
