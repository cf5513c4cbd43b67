import { posix } from "node:path";
import { type Item, type Outcome, unsupported } from "../rule.ts";
import { at, plainValue } from "../source.ts";
import { type ComposeContext, type ComposeFacts, rolesOf } from "./context.ts";

interface Mounted {
  /** Name below `secrets` or `configs`. */
  readonly source: string;
  readonly target: string;
}

/** Reads `key` or `{ source: key, target: other }`. */
function mounted(value: unknown): Mounted {
  const { source = value, target = source } = Object(value) as { source?: unknown; target?: unknown };
  return { source: String(source), target: String(target) };
}

/** Returns the file of a secret or a config; undefined if its contents come from elsewhere. */
function fileOf(kind: "secrets" | "configs", name: string, { tree }: ComposeFacts): string | undefined {
  const found = at(tree, [kind, name, "file"]);
  const value = found && plainValue(found);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Takes over a secret of compose for roles: as its file, or as a secret that a command stores. */
export const secretFile = ({ value }: Item, context: ComposeContext): Outcome => {
  const { source, target } = mounted(value);
  const name = posix.basename(target);
  const roles = rolesOf(context);
  if (roles.length === 0) return unsupported("the stack has no such container");
  const paths = roles.map((role) => ["roles", role, "secretFiles", name]);
  const file = fileOf("secrets", source, context);
  if (file === undefined) return { kind: "taken", targets: paths.map((path) => ({ path })) };
  const { kind, spelt } = context.look(file);
  if (kind !== "file") return unsupported("there is no such file");
  return { kind: "taken", targets: paths.map((path) => ({ path, value: { file: spelt } })) };
};

export const configFile = ({ value }: Item, context: ComposeContext): Outcome => {
  const { source, target } = mounted(value);
  const file = fileOf("configs", source, context);
  if (file === undefined) return unsupported("expected a file: give it as files of roles");
  const { kind, spelt } = context.look(file);
  if (kind !== "file") return unsupported("there is no such file");
  const path = target.startsWith("/") ? target : `/${target}`;
  const targets = rolesOf(context).map((role) => ({ path: ["roles", role, "files", path], value: spelt }));
  return targets.length > 0 ? { kind: "taken", targets } : unsupported("the stack has no such container");
};

/** Reads the secret at a path in the containers, `/run/secrets/NAME`; undefined if it is not in a file. */
export function secretText(path: string, facts: ComposeFacts): string | undefined {
  if (posix.dirname(path) !== "/run/secrets") return undefined;
  const name = posix.basename(path);
  const mounts = facts.services.flatMap(({ tree }) => {
    const list = at(tree, ["secrets"]);
    return list?.kind === "list" ? list.items.map((item) => mounted(plainValue(item))) : [];
  });
  const source = mounts.find(({ target }) => posix.basename(target) === name)?.source ?? name;
  const file = fileOf("secrets", source, facts);
  return file === undefined ? undefined : facts.read(file)?.replace(/\r?\n$/, "");
}
