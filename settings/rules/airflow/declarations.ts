import { fileProblem } from "../../model/sources.ts";
import type { Path } from "../../schema/path.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

const fields = ["type", "host", "port", "login", "password", "schema", "extra"] as const;

/** Requires either the URI of a connection or its parts. */
const parts = fields.map((key) =>
  rule([`connections.*.${key}`, "connections.*.uri"], ({ connections }) =>
    Object.entries(connections)
      .filter(([, { uri, [key]: part }]) => uri !== undefined && part !== undefined)
      .map(([name]) => ({
        path: ["connections", name, key],
        message: "the connection's uri already has it: expected only one of them",
      })),
  ),
);

const type = rule(["connections.*.type", "connections.*.uri"], ({ connections }) =>
  Object.entries(connections)
    .filter(([, { uri, type }]) => uri === undefined && type === undefined)
    .map(([name]) => ({
      path: ["connections", name, "type"],
      message: "expected Airflow's connection type (postgres, http, aws), or a uri instead of all parts",
    })),
);

/** Lists the fault of a value that looks like `{ file: PATH }` although there is no such file; the schema allows any object. */
function missing(path: Path, value: unknown): Fault[] {
  const isPlace = typeof value === "object" && Object.keys(value ?? {}).join() === "file";
  return faultAt([...path, "file"], isPlace ? fileProblem(Reflect.get(Object(value), "file")) : undefined);
}

const variableFiles = rule(["variables.*"], ({ variables }) =>
  Object.entries(variables).flatMap(([name, value]) => missing(["variables", name], value)),
);

const extraFiles = rule(["connections.*.extra"], ({ connections }) =>
  Object.entries(connections).flatMap(([id, { extra }]) => missing(["connections", id, "extra"], extra)),
);

export const declarationRules = [...parts, type, variableFiles, extraFiles];
