import { type Item, type Outcome, taken, unsupported } from "../rule.ts";
import { parseInteger } from "../units.ts";
import type { ComposeContext } from "./context.ts";

interface Published {
  readonly address?: string | undefined;
  readonly port: number | undefined;
}

/** Parses `8080:8080`, `127.0.0.1:8080:8080`, or `{ target, published, host_ip }`. */
function parsePublished(value: unknown): Published {
  if (typeof value === "object" && value !== null) {
    const { published, host_ip } = value as { published?: unknown; host_ip?: string };
    return { port: parseInteger(published), address: host_ip };
  }
  const [, address, port] = /^(?:(.+):)?(\d+):\d+(?:\/tcp)?$/.exec(String(value)) ?? [];
  return { port: parseInteger(port), address };
}

export const ports = ({ value }: Item, { users }: ComposeContext): Outcome => {
  const keys: Readonly<Record<string, string>> = { webserver: "webserverPort", flower: "flowerPort" };
  const key = users.flatMap(({ roles }) => roles.map((role) => keys[role])).find((key) => key !== undefined);
  if (key === undefined) return unsupported("only the webserver and Flower are published");
  const { port, address } = parsePublished(value);
  if (port === undefined) return unsupported("expected one port of the machine");
  return taken([key], port, address === "127.0.0.1" ? undefined : "published on 127.0.0.1 only");
};
