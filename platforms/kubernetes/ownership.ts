import type { Settings } from "../../settings/model/groups.ts";
import { askCluster } from "../ask.ts";
import { type Claim, type ClaimKind, type Found, installationLabel } from "../ownership/claims.ts";

/** Returns the kubectl flags that select the cluster of a stack. */
export function contextFlags(settings: Settings["kubernetes"]): string[] {
  return settings?.context === undefined ? [] : ["--context", settings.context];
}

const resources: Readonly<Partial<Record<ClaimKind, string>>> = {
  namespace: "namespaces",
  claim: "persistentvolumeclaims",
};

async function kubectl(args: readonly string[]): Promise<string> {
  const { text, complaint } = await askCluster(args);
  if (complaint !== undefined) throw new Error(complaint.split("\n").at(-1));
  return text;
}

/**
 * Finds the resources that have claimed names in a cluster.
 * @param flags of kubectl, which select the cluster
 * @throws Error with kubectl's message, when kubectl fails
 */
export async function inCluster(
  claims: readonly Claim[],
  flags: readonly string[],
): Promise<readonly Found[]> {
  const namespace = claims.find(({ kind }) => kind === "namespace")?.name ?? "default";
  const columns = `NAME:.metadata.name,INSTALLATION:.metadata.labels.${installationLabel}`;
  const asked = Object.entries(resources).map(async ([kind, resource]) => {
    const names = claims.filter((claim) => claim.kind === kind).map(({ name }) => name);
    const place = [...flags, "--namespace", namespace, "get", resource, ...names];
    const output = ["--ignore-not-found", "--no-headers", "--output", `custom-columns=${columns}`];
    const lines = names.length === 0 ? [] : (await kubectl([...place, ...output])).split("\n");
    return lines.flatMap((line): Found[] => {
      const [name = "", installation = ""] = line.split(/ +/);
      return name === ""
        ? []
        : [{ kind: kind as ClaimKind, name, installation: installation.replace("<none>", "") }];
    });
  });
  return (await Promise.all(asked)).flat();
}
