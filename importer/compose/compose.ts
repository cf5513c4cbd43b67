import { supportedVersion, versions } from "../image.ts";
import { type Entry, entryAt, makePlan, type Plan } from "../plan.ts";
import { type ConvertedKey, decideOutcome, handled, itemsOf, type RuledItem, unsupported } from "../rule.ts";
import type { Leaf, Tree } from "../source.ts";
import { readConfigEntries } from "./airflowCfg.ts";
import { builtVersion, foldersOf } from "./container.ts";
import type { ComposeContext, ComposeFacts, Disk } from "./context.ts";
import type { VariableFile } from "./read/variables.ts";
import { composeRules, outsideRules } from "./rules/composeRules.ts";
import { sharedRoleTargets } from "./rules/counts.ts";
import { composeImportContext } from "./rules/environment.ts";
import { type ComposeService, composeServices, ownHosts, urlsOf } from "./services.ts";

/** Compose files merged into one, with the variables of their services. */
export interface Composition extends Disk {
  readonly tree: Tree;
  readonly leaves: readonly Leaf[];
  /** Outcomes that reading the files has decided. */
  readonly entries: readonly Entry[];
  /** The `.env` file, and the names that the compose files ask for. */
  readonly env?: VariableFile | undefined;
  readonly used: ReadonlySet<string>;
  /** Files of variables that services read. */
  readonly files: readonly VariableFile[];
}

/** Collects the items of all services with the services that have them; an item that several services share appears once. */
function collectItems(
  services: readonly ComposeService[],
): { ruled: RuledItem<ComposeContext>; users: ComposeService[] }[] {
  const itemsByPlace = new Map<string, { ruled: RuledItem<ComposeContext>; users: ComposeService[] }>();
  for (const service of services) {
    for (const ruled of itemsOf(service.tree, composeRules, [service.kind])) {
      const { path, leaves } = ruled.item;
      const key = JSON.stringify([path, leaves.map((leaf) => [leaf.file, leaf.line, leaf.path])]);
      const known = itemsByPlace.get(key);
      if (known) known.users.push(service);
      else itemsByPlace.set(key, { ruled, users: [service] });
    }
  }
  return [...itemsByPlace.values()];
}

/** Chooses the version that the stack runs in place of the images' version. */
function versionFor(services: readonly ComposeService[], disk: Disk): { version: string; isNamed: boolean } {
  const built = services.map(({ tree }) => builtVersion(tree, disk)).find((version) => version !== undefined);
  const supported = built === undefined ? undefined : supportedVersion(built);
  if (supported !== undefined) return { version: supported, isNamed: true };
  const isOld = services.some((service) => service.isOld);
  const version = versions.find((known) => known.startsWith(isOld ? "2." : "3.")) ?? "";
  return { version, isNamed: isOld };
}

/** Lists the targets that follow from the services as a whole. */
function groupTargets(services: readonly ComposeService[], version: string | undefined): ConvertedKey[] {
  const groups = [...new Set(services.flatMap(({ worker }) => (worker ? [worker.group] : [])))];
  const isDefault = (path: readonly unknown[]) => path.length === 0;
  const defaults = groups.filter(({ path }) => isDefault(path));
  const others = groups.filter(({ path }) => !isDefault(path));
  return [
    { path: ["platform"], value: "docker" },
    ...(version === undefined ? [] : [{ path: ["version"], value: version }]),
    ...sharedRoleTargets(services),
    ...(groups.length > 0 ? [{ path: ["workers"], value: defaults[0]?.workers ?? 0 }] : []),
    ...others.flatMap(({ path, name, queues, workers }) => [
      { path: [...path, "name"], value: name },
      { path: [...path, "queues"], value: queues },
      ...(workers === 1 ? [] : [{ path: [...path, "workers"], value: workers }]),
    ]),
  ];
}

const filledIn = handled("it is filled in where the compose file uses it");

/** Lists an entry for each variable of the `.env` file, which depends on whether the compose file uses the variable. */
function envFileEntries({ lines }: VariableFile, used: ReadonlySet<string>): Entry[] {
  return lines.map(({ definition: { name, value }, leaf }) => {
    if (used.has(name)) return entryAt(leaf, filledIn, value);
    if (name === "COMPOSE_FILE")
      return entryAt(
        leaf,
        unsupported("give these files to the command: npm run import -- FILE FILE"),
        value,
      );
    if (name.startsWith("COMPOSE_")) return entryAt(leaf, handled("it is for docker compose alone"), value);
    return entryAt(leaf, unsupported("the compose file does not use this variable"), value);
  });
}

function entriesOutsideServices(tree: Tree): Entry[] {
  const entries = tree.kind === "map" ? [...tree.entries] : [];
  return entries
    .filter(([key]) => key !== "services" && !key.startsWith("x-"))
    .flatMap(([key, inner]) => itemsOf(inner, outsideRules, [key]))
    .map((ruled) => ({ item: ruled.item, outcome: decideOutcome(ruled, undefined) }));
}

/** True if one of the services is Airflow's. */
export function isCompose(composition: Composition): boolean {
  return composeServices(composition.tree, composition).some(({ kind }) => kind === "airflow");
}

/**
 * Plans the import of compose files.
 * @throws Error if the files name another executor than Celery's
 */
export function importCompose(composition: Composition): Plan {
  const { tree, leaves, look, read, list, env, used, files } = composition;
  const services = composeServices(tree, composition);
  const airflowServices = services.filter(({ kind }) => kind === "airflow");
  const trees = airflowServices.map((service) => service.tree);
  const { version, isNamed } = versionFor(airflowServices, composition);
  const metadataUrl = urlsOf(trees).postgres;
  const facts: ComposeFacts = {
    look,
    read,
    list,
    services,
    tree,
    hosts: ownHosts(services),
    metadataUrl,
    version,
    ...foldersOf(trees),
  };
  const entries = collectItems(services).map(({ ruled, users }): Entry => {
    const name = ruled.item.path.join();
    const isOfWorkers = /WORKER/.test(name) && users.some(({ worker }) => worker);
    const weight = (isOfWorkers ? services.length : 0) + users.length;
    return { item: ruled.item, outcome: decideOutcome(ruled, { ...facts, users }), weight };
  });
  const config = readConfigEntries(facts, composeImportContext({ ...facts, users: airflowServices }));
  const envEntries = env ? envFileEntries(env, used) : [];
  // If `.env` is an env_file too, the services report its other variables.
  const definitions =
    env && files.includes(env) ? envEntries.filter(({ outcome }) => outcome.kind === "handled") : envEntries;
  const leavesOfEntries = [...config, ...definitions].flatMap(({ item }) => item.leaves);
  const variableLeaves = files.flatMap((variableFile) => variableFile.lines.map(({ leaf }) => leaf));
  const allLeaves = new Set([...leaves, ...variableLeaves, ...leavesOfEntries]);
  return makePlan(
    [...entries, ...entriesOutsideServices(tree), ...config, ...definitions, ...composition.entries],
    [...allLeaves],
    groupTargets(services, isNamed ? version : undefined),
    handled("no service uses it"),
  );
}
