import { posix } from "node:path";
import { ownDirectories, ownFiles, ownTrees } from "../../settings/model/names/ownNames.ts";
import { handled, type Item, type Outcome, type Target, taken, unsupported } from "../rule.ts";
import { targetOf } from "./container.ts";
import { type ComposeContext, rolesOf } from "./context.ts";

/** Airflow's home in the stack's containers. */
const stackHome = "/opt/airflow";

const noRole = unsupported("the stack has no such container");

function sourceOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value ?? "").split(":")[0] ?? "";
  const { source } = value as { source?: unknown };
  return String(source ?? "");
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

/** Returns the corresponding path in the stack's containers, in which Airflow's home is another folder. */
function moved(target: string, home: string): string {
  return target === home || isBelow(target, home) ? posix.join(stackHome, target.slice(home.length)) : target;
}

function perRole(context: ComposeContext, kind: "files" | "volumes", path: string, value: string): Target[] {
  return rolesOf(context).map((role) => ({ path: ["roles", role, kind, path], value }));
}

/** Paths for which the stack has its own volumes. */
const kept = /^\/opt\/airflow\/(logs|data)(\/|$)|^\/sources(\/|$)/;

function isOwn(path: string): boolean {
  const isIn = (own: string) => path === own || isBelow(path, own);
  const holds = (own: string) => isBelow(own, path);
  const files: readonly string[] = ownFiles;
  return (
    files.includes(path) ||
    ownTrees.some((own) => isIn(own) || holds(own)) ||
    ownDirectories.some((own) => isIn(own) || holds(own))
  );
}

/** Takes over the DAGs and plugins in a folder that is mounted at Airflow's home, or above it or the DAGs. */
function parent(source: string, target: string, context: ComposeContext): Outcome {
  const { dagsFolder, home, look } = context;
  const dags = look(posix.join(source, posix.relative(target, dagsFolder)));
  const inner: Target[] = dags.kind === "directory" ? [{ path: ["dags"], value: dags.spelt }] : [];
  const whole = moved(target, home);
  if (!isOwn(whole) && whole !== stackHome) {
    const targets = [...inner, ...perRole(context, "volumes", whole, look(source).absolute)];
    return { kind: "taken", targets, note: "read-only" };
  }
  const plugins =
    isBelow(posix.join(home, "plugins"), target) || target === home
      ? look(posix.join(source, posix.relative(target, posix.join(home, "plugins"))))
      : undefined;
  const more =
    plugins?.kind === "directory"
      ? perRole(context, "volumes", `${stackHome}/plugins`, plugins.absolute)
      : [];
  const targets = [...inner, ...more];
  const todo =
    "only dags and plugins of this folder are taken over: give other files that tasks read as volumes or files of roles";
  return targets.length > 0
    ? { kind: "taken", targets, todo }
    : unsupported("the stack has its own files there: give yours as volumes or files of roles");
}

/** Takes over the files in a `config` folder, but for airflow.cfg, which is read elsewhere, and names of the stack's files. */
function configFolder(source: string, context: ComposeContext): Outcome {
  const names = context.list(source).filter((name) => !/^(airflow\.cfg|__pycache__|\..*)$/.test(name));
  const files = names.map((name) => ({ name, ...context.look(posix.join(source, name)) }));
  const at = (name: string) => posix.join(stackHome, "config", name);
  const own = files.filter(({ name }) => isOwn(at(name)));
  const targets = files
    .filter(({ name }) => !isOwn(at(name)))
    .flatMap(({ name, kind, spelt, absolute }) =>
      kind === "file"
        ? perRole(context, "files", at(name), spelt)
        : perRole(context, "volumes", at(name), absolute),
    );
  const todo = own.length > 0 ? `the stack has its own ${own.map(({ name }) => name).join(", ")}` : undefined;
  if (targets.length > 0) return { kind: "taken", targets, todo };
  return todo
    ? unsupported(todo)
    : handled("the stack has a folder of its own; airflow.cfg in yours is reported line by line");
}

export const volume = ({ value }: Item, context: ComposeContext): Outcome => {
  const source = sourceOf(value);
  const given = targetOf(value);
  const { home, dagsFolder, look } = context;
  if (/docker\.sock$/.test(source)) return unsupported("no role may control the engine");
  const target = moved(given, home);
  if (kept.test(target))
    return handled("the stack has a volume of its own for it; the data in yours stays there");
  const isHost = /^[./~]/.test(source);
  if (Object(value).type === "tmpfs") return unsupported("a disk in memory: tasks have /tmp");
  if (given === "") return unsupported("a volume without a name keeps nothing");
  if (!isHost && (given === dagsFolder || isBelow(dagsFolder, given)))
    return unsupported(
      "DAGs in a volume: copy them to a folder of this machine (docker cp), and name it in dags",
    );
  if (!isHost)
    return isOwn(target)
      ? unsupported("the stack has its own files there")
      : roleTargets(perRole(context, "volumes", target, source));
  const { kind, spelt, absolute } = look(source);
  if (kind === "nothing") return unsupported("there is no such file or folder");
  if (kind === "file") return mountedFile(target, spelt, context);
  if (given === dagsFolder) return taken(["dags"], spelt);
  if (isBelow(dagsFolder, given) || given === home) return parent(source, given, context);
  if (isBelow(given, dagsFolder))
    return unsupported("DAGs of several folders: put them below the one that dags names");
  if (target === `${stackHome}/config`) return configFolder(source, context);
  if (isOwn(target)) return unsupported("the stack has its own files there");
  return roleTargets(perRole(context, "volumes", target, absolute), "read-only");
};

function roleTargets(targets: readonly Target[], note?: string): Outcome {
  return targets.length > 0 ? { kind: "taken", targets, note } : noRole;
}

function mountedFile(target: string, spelt: string, context: ComposeContext): Outcome {
  if (/^\/requirements\.txt$/.test(target))
    return taken(["requirements"], { file: spelt }, "Python packages");
  if (/^\/opt\/airflow\/(config\/)?airflow\.cfg$/.test(target))
    return handled("its settings are reported line by line, without those in comments");
  if (isBelow(target, "/opt/airflow/dags"))
    return unsupported("a file beside the DAGs: copy it into the folder that dags names");
  if (isOwn(target)) return unsupported("the stack has a file of its own there");
  return roleTargets(perRole(context, "files", target, spelt));
}
