import { posix } from "node:path";
import { type Item, noRole, type Outcome, unsupported, withTodo } from "../../rule.ts";
import { fileHoldsSecret, isKeyFile } from "../../secrets.ts";
import { at, plainAt, plainValue } from "../../source.ts";
import { type ComposeContext, type ComposeFacts, rolesOf, roleTargets, takenByRoles } from "../context.ts";

/** Maximum number of a file's characters that are searched for a secret. */
const mostCharacters = 16_384;

/** A file of compose that a service mounts. */
interface Mounted {
  /** Name below `secrets` or `configs`. */
  readonly source: string;
  readonly target: string;
}

/** Reads `key` or `{ source: key, target: other }`. */
export function parseMount(value: unknown): Mounted {
  const { source = value, target = source } = Object(value) as { source?: unknown; target?: unknown };
  return { source: String(source), target: String(target) };
}

/** Returns the file of a secret or a config; undefined if its contents come from elsewhere. */
export function definedFile(
  kind: "secrets" | "configs",
  name: string,
  { tree }: ComposeFacts,
): string | undefined {
  const value = plainAt(tree, [kind, name, "file"]);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Takes over a file at a path in the containers; a key becomes a secret file, which has a path of its own. */
export function takeFileAt(target: string, source: string, context: ComposeContext): Outcome {
  const { spelt } = context.look(source);
  const text = context.read(source)?.slice(0, mostCharacters) ?? "";
  if (isKeyFile(text)) {
    const name = posix.basename(target);
    const targets = roleTargets(context, ["secretFiles", name], { file: spelt });
    return withTodo(takenByRoles(targets), `it is a secret: read it at /run/secrets/${name}`);
  }
  const outcome = takenByRoles(roleTargets(context, ["files", target], spelt));
  return fileHoldsSecret(text)
    ? withTodo(outcome, "it may have a secret, which everybody can read there: expected secretFiles")
    : outcome;
}

/** Takes over a secret of compose for roles: as its file, or as a secret that a command stores. */
export const secretFile = ({ value }: Item, context: ComposeContext): Outcome => {
  const { source, target } = parseMount(value);
  const keys = ["secretFiles", posix.basename(target)];
  if (rolesOf(context).length === 0) return noRole;
  const file = definedFile("secrets", source, context);
  if (file === undefined) return takenByRoles(roleTargets(context, keys, undefined));
  const { kind, spelt } = context.look(file);
  if (kind !== "file") return unsupported("there is no such file");
  const outcome = takenByRoles(roleTargets(context, keys, { file: spelt }));
  const isElsewhere = target.startsWith("/") && posix.dirname(target) !== "/run/secrets";
  return isElsewhere ? withTodo(outcome, `read it at /run/secrets/${posix.basename(target)}`) : outcome;
};

/** Reads the secret at a path in the containers, `/run/secrets/NAME`; undefined if it is not in a file. */
export function secretText(path: string, facts: ComposeFacts): string | undefined {
  if (posix.dirname(path) !== "/run/secrets") return undefined;
  const name = posix.basename(path);
  const mounts = facts.services.flatMap(({ tree }) => {
    const list = at(tree, ["secrets"]);
    return list?.kind === "list" ? list.items.map((item) => parseMount(plainValue(item))) : [];
  });
  const source = mounts.find(({ target }) => posix.basename(target) === name)?.source ?? name;
  const file = definedFile("secrets", source, facts);
  return file === undefined ? undefined : facts.read(file)?.replace(/\r?\n$/, "");
}
