import { handled, type Item, type Outcome, taken, unsupported } from "../rule.ts";
import { off, type ValueLookup } from "./values.ts";

export function chartClaim(key: string, flag: string) {
  return ({ value }: Item, values: ValueLookup): Outcome =>
    values(flag) === false
      ? handled("the stack keeps it in a volume")
      : taken(["kubernetes", "storage", key], value);
}

/** Makes the rule of a part of the volume that keeps all logs. */
export function logVolume(key: "logs" | "sharedClass") {
  return ({ value }: Item, values: ValueLookup): Outcome =>
    values("logs.persistence.enabled") === true ? taken(["kubernetes", "storage", key], value) : off;
}

/** Imports the volumes of workers, which keep the logs unless one volume keeps all logs. */
export const workerLogs = (item: Item, values: ValueLookup): Outcome => {
  if (values("logs.persistence.enabled") === true)
    return handled("logs are in the volume of logs.persistence");
  if (values(`${item.path.slice(0, -1).join(".")}.enabled`) === false) return off;
  if (item.match.at(-1) === "size") return taken(["kubernetes", "storage", "logs"], item.value);
  return unsupported(
    "workers share one volume for logs: kubernetes.storage.sharedClass, a class that many nodes may write to",
  );
};
