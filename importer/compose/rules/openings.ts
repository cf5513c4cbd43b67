import { type Item, type Outcome, taken, unsupported } from "../../rule.ts";
import { parseInteger } from "../../units.ts";
import type { ComposeContext } from "../context.ts";
import { firstVariable } from "../lookup.ts";
import type { ComposeService } from "../services.ts";

interface Published {
  readonly address?: string | undefined;
  /** Port of the machine. */
  readonly port: number | undefined;
  /** Port in the container. */
  readonly target: number | undefined;
}

/** Parses `8080:8080`, `127.0.0.1:8080:8080`, or `{ target, published, host_ip }`. */
function parsePublished(value: unknown): Published {
  if (typeof value === "object" && value !== null) {
    const { published, target, host_ip } = value as {
      published?: unknown;
      target?: unknown;
      host_ip?: string;
    };
    return { port: parseInteger(published), target: parseInteger(target), address: host_ip };
  }
  const [, address, port, target] = /^(?:(.+):)?(\d+):(\d+)(?:\/tcp)?$/.exec(String(value)) ?? [];
  return { port: parseInteger(port), target: parseInteger(target), address };
}

/** Roles that are published: their keys in the stack, their ports in Airflow, and the variables that change these. */
const openings: Readonly<Record<string, readonly [key: string, port: number, ...variables: string[]]>> = {
  webserver: ["webserverPort", 8080, "AIRFLOW__API__PORT", "AIRFLOW__WEBSERVER__WEB_SERVER_PORT"],
  flower: ["flowerPort", 5555, "AIRFLOW__CELERY__FLOWER_PORT", "FLOWER_PORT"],
};

/** Maps the ports in a service's container to the keys of the stack. */
function keysOf({ started, tree }: ComposeService): Map<number | undefined, string> {
  const open = started.flatMap(({ role, args }) => {
    const { [role]: opening } = openings;
    if (!opening) return [];
    const [key, usual, ...variables] = opening;
    const [, flag] = /(?:^|\s)(?:-p|--port)[=\s]?(\d+)/.exec(args.join(" ")) ?? [];
    return [[parseInteger(flag ?? firstVariable([tree], ...variables) ?? usual), key] as const];
  });
  return new Map(open);
}

export const ports = ({ value }: Item, { users }: ComposeContext): Outcome => {
  const { port, target, address } = parsePublished(value);
  const [keys] = users.map(keysOf).filter(({ size }) => size > 0);
  if (keys && port === undefined) return unsupported("expected one port of the machine");
  const key = keys?.get(target);
  if (key === undefined) return unsupported("only the webserver and Flower are published");
  return taken([key], port, address === "127.0.0.1" ? undefined : "published on 127.0.0.1 only");
};
