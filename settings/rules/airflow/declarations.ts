import type { Fault } from "../fault.ts";
import { rule } from "../rule.ts";

const fields = ["type", "host", "port", "login", "password", "schema", "extra"] as const;

/** Requires either the URI of a connection or its parts. */
const connectionParts = rule(["connections.*"], ({ connections }) =>
  Object.entries(connections).flatMap(([name, connection]): Fault[] => {
    const parts = fields.filter((key) => connection[key] !== undefined);
    if (connection.uri !== undefined) {
      return parts.map((key) => ({
        path: ["connections", name, key],
        message: "the connection has a uri, which says it: expected either of both",
      }));
    }
    if (connection.type !== undefined) return [];
    return [
      {
        path: ["connections", name, "type"],
        message: "expected Airflow's connection type (postgres, http, aws), or a uri instead of all parts",
      },
    ];
  }),
);

/** Rejects a variable that looks like `{ file: PATH }` without such a file. */
const variableFiles = rule(["variables.*"], ({ variables }) =>
  Object.entries(variables).flatMap(([name, value]): Fault[] => {
    const isFile = typeof value === "object" && value !== null && Object.keys(value).join() === "file";
    if (!isFile || ("file" in value && typeof value.file === "string" && value.file.startsWith("/")))
      return [];
    return [
      {
        path: ["variables", name, "file"],
        message: "expected the path of a file, relative to Pulumi.yaml, that holds the value; there is none",
      },
    ];
  }),
);

export const declarationRules = [connectionParts, variableFiles];
