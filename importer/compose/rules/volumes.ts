import { posix } from "node:path";
import { ownDirectories, ownFiles, ownTrees } from "../../../settings/model/names/ownNames.ts";
import { handled, type Item, type Outcome, taken, targetsOf, unsupported, withTodo } from "../../rule.ts";
import { plainAt } from "../../source.ts";
import { boundFolder, targetOf, volumeSource, zoneFile } from "../container.ts";
import { type ComposeContext, roleTargets, takenByRoles } from "../context.ts";
import { variableOf } from "../lookup.ts";
import { definedFile, parseMount, takeFileAt } from "./secretFiles.ts";

/** Airflow's home in the stack's containers. */
const stackHome = "/opt/airflow";

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

/** Returns the corresponding path in the stack's containers, in which Airflow's home is another folder. */
function pathInStack(target: string, home: string): string {
  return target === home || isBelow(target, home) ? posix.join(stackHome, target.slice(home.length)) : target;
}

/** Paths for which the stack has its own volumes. */
const stackVolumes = /^\/opt\/airflow\/logs(\/|$)|^\/sources(\/|$)/;

function isReadOnly(volume: unknown): boolean {
  return typeof volume === "string" ? /:([a-z]+,)*ro(,|$)/i.test(volume) : Object(volume).read_only === true;
}

/** Notes what of a named volume has no counterpart. */
function wholeVolume(outcome: Outcome, volume: unknown): Outcome {
  const { subpath } = Object(Object(volume).volume) as { subpath?: unknown };
  const whole = subpath ? withTodo(outcome, "tasks get all of the volume, without its subpath") : outcome;
  return isReadOnly(volume) ? withTodo(whole, "tasks may write to the volume") : whole;
}

/** Notes that a folder of the machine is read-only, which is left to do if it was writable. */
function readOnly(outcome: Outcome, volume: unknown): Outcome {
  return isReadOnly(volume)
    ? outcome
    : withTodo(outcome, "it is read-only: expected a named volume, if tasks write there");
}

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

/**
 * Takes over a `config` folder: modules by the key, other files as files of roles. airflow.cfg is read elsewhere.
 * Folders in it count as packages, of which the key delivers the modules.
 */
function takeConfigFolder(source: string, context: ComposeContext): Outcome {
  const names = context.list(source).filter((name) => !/^(airflow\.cfg|__pycache__|\..*)$/.test(name));
  const entries = names.map((name) => ({ name, ...context.look(posix.join(source, name)) }));
  const folders = entries.filter(({ kind }) => kind === "directory").map(({ name }) => name);
  const files = entries.filter(({ name, kind }) => kind === "file" && !name.endsWith(".py"));
  const configPath = (name: string) => posix.join(stackHome, "config", name);
  const refused = files.filter(({ name }) => isOwn(configPath(name))).map(({ name }) => name);
  const hasModules = folders.length > 0 || names.some((name) => name.endsWith(".py"));
  const targets = [
    ...(hasModules ? [{ path: ["config"], value: context.look(source).spelt }] : []),
    ...files
      .filter(({ name }) => !refused.includes(name))
      .flatMap(({ name, spelt }) => roleTargets(context, ["files", configPath(name)], spelt)),
  ];
  const left = [
    ...(refused.length > 0 ? [`the stack has its own ${refused.join(", ")}`] : []),
    ...(folders.length > 0
      ? [`only modules in ${folders.join(", ")} are taken over: give other files there as files of roles`]
      : []),
  ];
  const todo = left.length > 0 ? left.join("; ") : undefined;
  if (targets.length > 0) return { kind: "taken", targets, todo };
  return todo
    ? unsupported(todo)
    : handled("the stack has a folder of its own; airflow.cfg in yours is reported line by line");
}

/** Takes over DAGs, plugins and modules in a folder that is mounted at Airflow's home, or above it or the DAGs. */
function takeParentFolder(source: string, target: string, value: unknown, context: ComposeContext): Outcome {
  const { dagsFolder, home, look } = context;
  const folderAt = (path: string) => {
    const folder = posix.join(source, posix.relative(target, path));
    const found = look(folder);
    return found.kind === "directory" ? [{ folder, spelt: found.spelt }] : [];
  };
  const dags = folderAt(dagsFolder).map(({ spelt }) => ({ path: ["dags"], value: spelt }));
  const stackPath = pathInStack(target, home);
  if (!isOwn(stackPath) && stackPath !== stackHome) {
    const targets = [...dags, ...roleTargets(context, ["volumes", stackPath], look(source).absolute)];
    return readOnly({ kind: "taken", targets }, value);
  }
  const holdsHome = target === home || isBelow(home, target);
  const inHome = (name: string) => (holdsHome ? folderAt(posix.join(home, name)) : []);
  const plugins = inHome("plugins").map(({ spelt }) => ({ path: ["plugins"], value: spelt }));
  const config = inHome("config").map(({ folder }) => takeConfigFolder(folder, context));
  const targets = [...dags, ...plugins, ...config.flatMap(targetsOf)];
  const todo = [
    "only dags, plugins and config of this folder are taken over: give other files that tasks read as volumes or files of roles",
    ...config.flatMap((outcome) => (outcome.kind === "taken" && outcome.todo) || []),
  ].join("; ");
  return targets.length > 0
    ? { kind: "taken", targets, todo }
    : unsupported("the stack has its own files there: give yours as volumes or files of roles");
}

/** True if services mount DAGs, or a folder that holds them, or read them from elsewhere. */
export function hasDags({ services, dagsFolder }: ComposeContext): boolean {
  return services
    .filter(({ kind }) => kind === "airflow")
    .some(
      ({ tree }) =>
        variableOf(tree, "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST") !== undefined ||
        [plainAt(tree, ["volumes"]) ?? []]
          .flat()
          .map(targetOf)
          .some((path) => path === dagsFolder || isBelow(path, dagsFolder) || isBelow(dagsFolder, path)),
    );
}

/** Decides what becomes of the definition of a named volume. */
export const volumeDefinition = ({ value }: Item): Outcome => {
  const { driver = "local", external = false, driver_opts: options = {} } = Object(value);
  if (boundFolder(value) !== undefined) return handled("roles that mount it get its folder");
  const isPlain = driver === "local" && external === false && Object.keys(options).length === 0;
  return isPlain
    ? handled("the stack has volumes of its own")
    : unsupported(
        "its data is not in the stack's volume: copy it there, or give a folder of the machine instead",
      );
};

export const volume = ({ value }: Item, context: ComposeContext): Outcome => {
  const source = volumeSource(value, context.tree);
  const mountPath = targetOf(value);
  const { home, dagsFolder, look } = context;
  if (/docker\.sock$/.test(source)) return unsupported("no role may control the engine");
  if (zoneFile.test(mountPath))
    return unsupported("containers are in UTC: give roles the variable TZ, if tasks need another zone");
  const target = pathInStack(mountPath, home);
  if (stackVolumes.test(target))
    return handled("the stack has a volume of its own for it; the data in yours stays there");
  if (/^\/opt\/airflow\/data(\/|$)/.test(target))
    return unsupported("the stack has a volume of its own there: copy the data of yours into it");
  const isHost = /^[./~]/.test(source);
  if (Object(value).type === "tmpfs") return unsupported("a disk in memory: tasks have /tmp");
  if (mountPath === "") return unsupported("a volume without a name keeps nothing");
  if (!isHost && (mountPath === dagsFolder || isBelow(dagsFolder, mountPath)))
    return unsupported(
      "DAGs in a volume: copy them to a folder of this machine (docker cp), and name it in dags",
    );
  if (!isHost)
    return isOwn(target)
      ? unsupported("the stack has its own files there")
      : wholeVolume(takenByRoles(roleTargets(context, ["volumes", target], source)), value);
  const { kind, spelt, absolute } = look(source);
  if (kind === "nothing") return unsupported("there is no such file or folder");
  if (kind === "file") return takeFile(target, source, context);
  if (mountPath === dagsFolder) return taken(["dags"], spelt);
  if (isBelow(dagsFolder, mountPath) || mountPath === home)
    return takeParentFolder(source, mountPath, value, context);
  if (isBelow(mountPath, dagsFolder))
    return unsupported("DAGs of several folders: put them below the one that dags names");
  if (target === `${stackHome}/config`) return takeConfigFolder(source, context);
  if (target === `${stackHome}/plugins`) return taken(["plugins"], spelt);
  if (isOwn(target)) return unsupported("the stack has its own files there");
  return readOnly(takenByRoles(roleTargets(context, ["volumes", target], absolute)), value);
};

function takeFile(target: string, source: string, context: ComposeContext): Outcome {
  const { spelt } = context.look(source);
  if (/^\/requirements\.txt$/.test(target))
    return taken(["requirements"], { file: spelt }, "Python packages");
  if (/^\/opt\/airflow\/(config\/)?airflow\.cfg$/.test(target))
    return handled("its settings are reported line by line, without those in comments");
  if (isBelow(target, "/opt/airflow/dags"))
    return unsupported("a file beside the DAGs: copy it into the folder that dags names");
  if (isOwn(target)) return unsupported("the stack has a file of its own there");
  return takeFileAt(target, source, context);
}

export const configFile = ({ value }: Item, context: ComposeContext): Outcome => {
  const { source, target } = parseMount(value);
  const file = definedFile("configs", source, context);
  if (file === undefined) return unsupported("expected a file: give it as files of roles");
  if (context.look(file).kind !== "file") return unsupported("there is no such file");
  return takeFile(pathInStack(posix.resolve("/", target), context.home), file, context);
};
