import { handled, type Item, type Outcome, taken, unsupported } from "../rule.ts";
import { integer } from "../units.ts";
import { type ComposeContext, rolesOf } from "./context.ts";

interface Published {
  readonly address?: string | undefined;
  readonly port: number | undefined;
}

/** Parses `8080:8080`, `127.0.0.1:8080:8080`, or `{ target, published, host_ip }`. */
function published(value: unknown): Published {
  if (typeof value === "object" && value !== null) {
    const { published, host_ip } = value as { published?: unknown; host_ip?: string };
    return { port: integer(published), address: host_ip };
  }
  const [, address, port] = /^(?:(.+):)?(\d+):\d+(?:\/tcp)?$/.exec(String(value)) ?? [];
  return { port: integer(port), address };
}

export const ports = ({ value }: Item, { users }: ComposeContext): Outcome => {
  const keys: Readonly<Record<string, string>> = { webserver: "webserverPort", flower: "flowerPort" };
  const key = users.map(({ role }) => keys[role]).find((one) => one !== undefined);
  if (key === undefined) return unsupported("nothing but the webserver and Flower is published");
  const { port, address } = published(value);
  if (port === undefined) return unsupported("expected one port of the machine");
  return taken([key], port, address === "127.0.0.1" ? undefined : "published on 127.0.0.1 only");
};

interface Mount {
  readonly source: string;
  readonly target: string;
}

function mounted(value: unknown): Mount {
  if (typeof value === "object" && value !== null) {
    const { source, target } = value as { source?: unknown; target?: unknown };
    return { source: String(source ?? ""), target: String(target ?? "") };
  }
  const [source = "", target = ""] = String(value).split(":");
  return { source, target };
}

function perRoleAt(
  context: ComposeContext,
  kind: "files" | "volumes",
  target: string,
  value: string,
  note?: string,
): Outcome {
  const targets = rolesOf(context).map((role) => ({ path: ["roles", role, kind, target], value }));
  return targets.length > 0
    ? { kind: "taken", targets, note }
    : unsupported("the stack has no such container");
}

/** Paths for which the stack has its own volumes. */
const kept = /^\/opt\/airflow\/(logs|data)\/?$|^\/sources\/?$/;

export const volume = ({ value }: Item, context: ComposeContext): Outcome => {
  const { source, target } = mounted(value);
  if (kept.test(target))
    return handled("the stack has a volume of its own for it; what is in yours stays there");
  if (/docker\.sock$/.test(source)) return unsupported("no role may command the engine");
  if (!/^[./~]/.test(source)) return perRoleAt(context, "volumes", target, source);
  const { kind, spelt, absolute } = context.look(source);
  if (kind === "nothing") return unsupported("there is neither such a file nor such a folder");
  if (/^\/opt\/airflow\/dags\/?$/.test(target)) return taken(["dags"], spelt);
  if (kind === "file") return perRoleAt(context, "files", target, spelt);
  const isConfig = /^\/opt\/airflow\/config\/?$/.test(target);
  const note = isConfig
    ? "read-only; an airflow.cfg in it is not read: what it says belongs into settings"
    : "read-only";
  return perRoleAt(context, "volumes", target, absolute, note);
};
