import { idlePod, type Namespace } from "./cluster.ts";
import type { Exec, Sources } from "./reach.ts";

/** Where strangers are, and what they are made of. */
export interface Places {
  readonly stack: Namespace;
  /** To be made. */
  readonly elsewhere: Namespace;
  /** To be made: where the stack says that its ingress controller is. */
  readonly controllers: Namespace;
  /** Any that has a shell. */
  readonly image: string;
  /** For files. */
  readonly folder: string;
}

/** Pods that are none of the stack's roles, or no longer are. */
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
  // With those of the job itself, it would be taken for its pod.
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
  for (const where of [stack, elsewhere, controllers]) {
    const own = all.filter(([, namespace]) => namespace === where);
    await where.apply(
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
