import { airflowVersion, versions } from "../image.ts";
import { type Entry, type Plan, planned } from "../plan.ts";
import { decided, type Found, handled, itemsOf, type Target, unsupported } from "../rule.ts";
import type { Leaf, Tree } from "../source.ts";
import { configEntries } from "./airflowCfg.ts";
import { composeRules, outsideRules, surroundings } from "./composeRules.ts";
import { builtVersion, foldersOf } from "./container.ts";
import type { ComposeContext, ComposeFacts, Disk } from "./context.ts";
import type { VariableFile } from "./read/variables.ts";
import { ownHosts, type Service, servicesOf, urlsOf } from "./services.ts";

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
function saidBy(services: readonly Service[]): { found: Found<ComposeContext>; users: Service[] }[] {
  const said = new Map<string, { found: Found<ComposeContext>; users: Service[] }>();
  for (const service of services) {
    for (const found of itemsOf(service.tree, composeRules, [service.kind])) {
      const { path, leaves } = found.item;
      const key = JSON.stringify([path, leaves.map((leaf) => [leaf.file, leaf.line, leaf.path])]);
      const before = said.get(key);
      if (before) before.users.push(service);
      else said.set(key, { found, users: [service] });
    }
  }
  return [...said.values()];
}

/** Chooses the version that the stack runs in place of the images' version. */
function versionFor(services: readonly Service[], disk: Disk): { version: string; isTold: boolean } {
  const built = services.map(({ tree }) => builtVersion(tree, disk)).find((one) => one !== undefined);
  const outcome = built === undefined ? undefined : airflowVersion(built);
  const told = outcome?.kind === "taken" ? outcome.targets[0]?.value : undefined;
  if (typeof told === "string") return { version: told, isTold: true };
  const isOld = services.some((service) => service.isOld);
  const version = versions.find((one) => one.startsWith(isOld ? "2." : "3.")) ?? "";
  return { version, isTold: isOld };
}

/** Lists the targets that follow from the services as a whole. */
function extras(services: readonly Service[], version: string | undefined): Target[] {
  const groups = [...new Set(services.flatMap(({ worker }) => (worker ? [worker.group] : [])))];
  const isDefault = (path: readonly unknown[]) => path.length === 0;
  const defaults = groups.filter(({ path }) => isDefault(path));
  const others = groups.filter(({ path }) => !isDefault(path));
  return [
    { path: ["platform"], value: "docker" },
    ...(version === undefined ? [] : [{ path: ["version"], value: version }]),
    ...(groups.length > 0 ? [{ path: ["workers"], value: defaults[0]?.workers ?? 0 }] : []),
    ...others.flatMap(({ path, name, queues, workers }) => [
      { path: [...path, "name"], value: name },
      { path: [...path, "queues"], value: queues },
      ...(workers === 1 ? [] : [{ path: [...path, "workers"], value: workers }]),
    ]),
  ];
}

const putIn = handled("it is filled in where the compose file uses it");

/** Lists an entry for each variable of the `.env` file, which depends on whether the compose file uses the variable. */
function fromEnv({ lines }: VariableFile, used: ReadonlySet<string>): Entry[] {
  return lines.map(({ definition: { name, value }, leaf }) => {
    const item = { path: [name], value, leaves: [leaf], match: [] };
    if (used.has(name)) return { item, outcome: putIn };
    if (name === "COMPOSE_FILE")
      return { item, outcome: unsupported("give these files to the command: npm run import -- FILE FILE") };
    if (name.startsWith("COMPOSE_")) return { item, outcome: handled("it is for docker compose alone") };
    return { item, outcome: unsupported("the compose file does not use this variable") };
  });
}

function outside(tree: Tree): Entry[] {
  const entries = tree.kind === "map" ? [...tree.entries] : [];
  return entries
    .filter(([key]) => key !== "services" && !key.startsWith("x-"))
    .flatMap(([key, inner]) => itemsOf(inner, outsideRules, [key]))
    .map((found) => ({ item: found.item, outcome: decided(found, undefined) }));
}

/** True if one of the services is Airflow's. */
export function isCompose(composition: Composition): boolean {
  return servicesOf(composition.tree, composition).some(({ kind }) => kind === "airflow");
}

/**
 * Plans the import of compose files.
 * @throws Error if the files name another executor than Celery's
 */
export function importCompose(composition: Composition): Plan {
  const { tree, leaves, look, read, list, env, used, files } = composition;
  const services = servicesOf(tree, composition);
  const ours = services.filter(({ kind }) => kind === "airflow");
  const trees = ours.map((service) => service.tree);
  const { version, isTold } = versionFor(ours, composition);
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
  const entries = saidBy(services).map(({ found, users }): Entry => {
    const isOfWorkers = /WORKER/.test(found.item.path.join()) && users.some(({ worker }) => worker);
    const weight = isOfWorkers ? services.length + users.length : users.length;
    return { item: found.item, outcome: decided(found, { ...facts, users }), weight };
  });
  const config = configEntries(facts, surroundings({ ...facts, users: ours }));
  const ofEnv = env ? fromEnv(env, used) : [];
  // If `.env` is an env_file too, the services report its other variables.
  const definitions =
    env && files.includes(env) ? ofEnv.filter(({ outcome }) => outcome.kind === "handled") : ofEnv;
  const told = [...config, ...definitions].flatMap(({ item }) => item.leaves);
  const lines = files.flatMap((one) => one.lines.map(({ leaf }) => leaf));
  const all = new Set([...leaves, ...lines, ...told]);
  return planned(
    [...entries, ...outside(tree), ...config, ...definitions, ...composition.entries],
    [...all],
    extras(services, isTold ? version : undefined),
    handled("no service uses it"),
  );
}
