import { handled, type Item, type Outcome, taken } from "../rule.ts";
import type { Values } from "./values.ts";

const storage = (key: string) => ({ path: ["kubernetes", "storage", key] });

export function claim(key: string, flag: string) {
  return ({ value }: Item, values: Values): Outcome =>
    values(flag) === false ? handled("the stack keeps it in a volume") : taken(storage(key).path, value);
}

/** Workers' volumes keep the logs, unless one volume keeps all logs. */
export const workerLogs = (item: Item, values: Values): Outcome => {
  if (values("logs.persistence.enabled") === true)
    return handled("logs are in the volume of logs.persistence");
  const key = item.match.at(-1) === "size" ? "logs" : "sharedClass";
  return taken(storage(key).path, item.value);
};
