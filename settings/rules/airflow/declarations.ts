import { existsSync } from "node:fs";
import { rule } from "../rule.ts";

const fields = ["type", "host", "port", "login", "password", "schema", "extra"] as const;

/** Requires either the URI of a connection or its parts. */
const parts = fields.map((key) =>
  rule([`connections.*.${key}`, "connections.*.uri"], ({ connections }) =>
    Object.entries(connections)
      .filter(([, { uri, [key]: part }]) => uri !== undefined && part !== undefined)
      .map(([name]) => ({
        path: ["connections", name, key],
        message: "the connection has a uri, which says it: expected either of both",
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

/** True if a path is as the schema leaves it that has found the file. */
function isKnown(file: unknown): boolean {
  return typeof file === "string" && file.startsWith("/") && existsSync(file);
}

/** Rejects a variable that looks like `{ file: PATH }` without such a file. */
const variableFiles = rule(["variables.*"], ({ variables }) =>
  Object.entries(variables)
    .filter(([, value]) => typeof value === "object" && Object.keys(value ?? {}).join() === "file")
    .filter(([, value]) => !isKnown(Reflect.get(Object(value), "file")))
    .map(([name]) => ({
      path: ["variables", name, "file"],
      message: "expected the path of a file, relative to Pulumi.yaml, that holds the value; there is none",
    })),
);

export const declarationRules = [...parts, type, variableFiles];
