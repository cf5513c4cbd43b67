import { existsSync, readdirSync, statSync } from "node:fs";
import { fileProblem } from "../../model/sources.ts";
import { declarationKeys } from "../../schema/declarations.ts";
import { fromProject } from "../../schema/files/base.ts";
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

/** Name of the file that is read without being named. */
const usual = "airflow.yaml";

/** Rejects a name that resembles `airflow.yaml`, and a directory: nothing would read what is declared there. */
const unread = rule(["declarations"], ({ declarations }): Fault[] => {
  const isRead =
    declarations !== undefined || statSync(fromProject(usual), { throwIfNoEntry: false })?.isFile();
  const names = isRead ? [] : readdirSync(fromProject("."));
  return names
    .filter((name) => /^airflow\.ya?ml$/i.test(name))
    .flatMap((name) =>
      faultAt(
        ["declarations"],
        name === usual
          ? "it is a directory, and nothing reads it: expected a file, or another name"
          : `nothing reads it: expected the name ${usual}, or declarations: ${name}; or a name unlike these if it declares nothing`,
        name,
      ),
    );
});

const kinds = Object.keys(declarationKeys) as (keyof typeof declarationKeys)[];

/** Rejects a deletion of all that was ever declared without a word that nothing is to be left. */
const nothingLeft = rule(["deleteUndeclared", "declarations"], (parsed, isGiven) => {
  const { deleteUndeclared, declarations = usual } = parsed;
  const isSaid = kinds.some((kind) => isGiven(kind)) || existsSync(fromProject(declarations));
  return faultAt(
    ["deleteUndeclared"],
    deleteUndeclared && !isSaid
      ? `nothing is declared, and all that once was would be deleted: expected ${usual}, or pools: {} if nothing is to be left`
      : undefined,
  );
});

/** Rules about what the project's folder has, which may change after a deployment. */
export const declarationsFileRules = [unread, nothingLeft];
