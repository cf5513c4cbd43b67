import { type Entry, type Plan, planned } from "../plan.ts";
import { decided, type Found, itemsOf, type Target, unsupported } from "../rule.ts";
import { type Leaf, readSource, type Scalar, type Tree } from "../source.ts";
import { composeRules, outsideRules } from "./composeRules.ts";
import type { ComposeContext, Look } from "./context.ts";
import { type Definition, interpolate } from "./interpolate.ts";
import { groupName, plainAt, type Service, servicesOf, uniform, words } from "./services.ts";

export interface ComposeFile {
  readonly file: string;
  readonly text: string;
  /** Variables for `${NAME}`. */
  readonly env?: { readonly file: string; readonly definitions: readonly Definition[] };
  readonly look: Look;
}

/** Collects the items of all services; an item that several services of a kind share appears once. */
function saidBy(services: readonly Service[]): { found: Found<ComposeContext>; users: Service[] }[] {
  const said = new Map<string, { found: Found<ComposeContext>; users: Service[] }>();
  for (const service of services) {
    for (const found of itemsOf(uniform(service), composeRules, [service.kind])) {
      const { path, leaves } = found.item;
      const key = JSON.stringify([path, leaves.map((leaf) => leaf.path)]);
      const before = said.get(key);
      if (before) before.users.push(service);
      else said.set(key, { found, users: [service] });
    }
  }
  return [...said.values()];
}

function metadataUrl(services: readonly Service[]): string | undefined {
  const names = ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__CORE__SQL_ALCHEMY_CONN"];
  const urls = services.flatMap((service) =>
    names.map((name) => plainAt(uniform(service), ["environment", name])),
  );
  const [url] = urls.filter((one) => typeof one === "string");
  return url;
}

/** Targets that follow from the services as a whole. */
function extras(services: readonly Service[]): Target[] {
  const workers = services.flatMap(({ name, worker }) => (worker ? [{ name, ...worker }] : []));
  const isOld = services.some(
    ({ role, tree }) => role === "webserver" && words(plainAt(tree, ["command"])).includes("webserver"),
  );
  const groups = workers.filter(({ group }) => group.length > 0);
  return [
    { path: ["platform"], value: "docker" },
    ...(isOld ? [{ path: ["version"], value: "2.11.2" }] : []),
    ...(workers.length > 0 ? [{ path: ["workers"], value: groups.length < workers.length ? 1 : 0 }] : []),
    ...groups.flatMap(({ name, group, flags }) => [
      { path: [...group, "name"], value: groupName(name) },
      { path: [...group, "queues"], value: (flags.queues ?? "default").split(",") },
    ]),
  ];
}

/** Entry for a variable of the `.env` file, by whether the compose file uses it. */
function fromEnv(file: string, { name, line, value }: Definition, used: ReadonlySet<string>): Entry {
  const leaf: Leaf = { file, line, path: [name] };
  const item = { path: [name], value, leaves: [leaf], match: [] };
  if (!used.has(name)) return { item, outcome: unsupported(`nothing asks for \${${name}}`) };
  return { item, outcome: { kind: "cared", why: "it is put in where the compose file asks for it" } };
}

function outside(tree: Tree): Entry[] {
  const entries = tree.kind === "map" ? [...tree.entries] : [];
  return entries
    .filter(([key]) => key !== "services" && !key.startsWith("x-"))
    .flatMap(([key, inner]) => itemsOf(inner, outsideRules, [key]))
    .map((found) => ({ item: found.item, outcome: decided(found, undefined) }));
}

/**
 * Plans the import of a compose file.
 * @throws Error when the file is not YAML, or has another executor than Celery's
 */
export function importCompose({ file, text, env, look }: ComposeFile): Plan {
  const variables = new Map((env?.definitions ?? []).map(({ name, value }) => [name, value]));
  const used = new Set<string>();
  const translate = (plain: string): Scalar => interpolate(plain, variables, (name) => used.add(name));
  const { tree, leaves } = readSource(file, text, translate);
  const services = servicesOf(tree);
  const around = { services, look, metadataUrl: metadataUrl(services) };
  const entries = saidBy(services).map(({ found, users }): Entry => {
    const isOfWorkers = /WORKER/.test(found.item.path.join()) && users.some(({ worker }) => worker);
    const weight = isOfWorkers ? services.length + users.length : users.length;
    return { item: found.item, outcome: decided(found, { ...around, users }), weight };
  });
  const definitions = env ? env.definitions.map((definition) => fromEnv(env.file, definition, used)) : [];
  const all = [...leaves, ...definitions.flatMap(({ item }) => item.leaves)];
  return planned([...entries, ...outside(tree), ...definitions], all, extras(services), "no service uses it");
}
