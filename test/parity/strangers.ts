import { idlePod, type Namespace } from "./cluster.ts";
import type { Exec, Sources } from "./reach.ts";

/** Locations and material of strangers. */
export interface Places {
  readonly stack: Namespace;
  /** Namespace to create. */
  readonly elsewhere: Namespace;
  /** Namespace to create, in which the stack expects its ingress controller. */
  readonly controllers: Namespace;
  /** Any image that has a shell. */
  readonly image: string;
  /** Folder for files. */
  readonly folder: string;
}

/** Creates pods that do not belong to the stack's roles. */
export async function addStrangers({
  stack,
  elsewhere,
  controllers,
  image,
  folder,
}: Places): Promise<Sources> {
  const [job] = await stack.list<{ spec: { template: { metadata: { labels: Record<string, string> } } } }>(
    "jobs",
  );
  // Only some labels: with all of them, the pod would count as the job's own.
  const migration = Object.entries(job?.spec.template.metadata.labels ?? {}).filter(
    ([key]) => key === "app.kubernetes.io/name" || key.startsWith("reaches/"),
  );
  const scheduler = (await stack.pods()).get("scheduler")?.metadata.labels ?? {};
  const all: [string, Namespace, Record<string, string>][] = [
    ["migration", stack, Object.fromEntries(migration)],
    ["a stranger", stack, {}],
    ["another namespace", elsewhere, {}],
    ["an imitation of the scheduler", elsewhere, scheduler],
    ["the ingress controller", controllers, {}],
  ];
  const namespaces = [elsewhere, controllers].map(({ name }) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
  }));
  await stack.apply(folder, namespaces);
  const name = (what: string) => what.replaceAll(" ", "-");
  for (const target of [stack, elsewhere, controllers]) {
    const own = all.filter(([, namespace]) => namespace === target);
    await target.apply(
      folder,
      own.map(([what, , labels]) => idlePod(name(what), image, labels)),
    );
  }
  const ready = all.map(async ([what, namespace]): Promise<[string, Exec]> => {
    await namespace.kubectl("wait", "--for=condition=Ready", `pod/${name(what)}`, "--timeout=60s");
    return [what, namespace.exec(name(what))];
  });
  return new Map(await Promise.all(ready));
}
