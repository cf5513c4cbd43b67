import { askCluster } from "../ask.ts";
import { type Claim, type ClaimKind, type Found, installationLabel } from "../ownership/claims.ts";

/** Returns the kubectl flags that select the cluster of a stack. */
export function contextFlags(settings: { readonly context?: string | undefined } | undefined): string[] {
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
 * @param onFailure gets the kinds that could not be looked up, with kubectl's message; default: throws that
 */
export async function inCluster(
  claims: readonly Claim[],
  flags: readonly string[],
  onFailure?: (kind: string, error: Error) => readonly Found[],
): Promise<readonly Found[]> {
  const columns = [
    "NAME:.metadata.name",
    `INSTALLATION:.metadata.labels.${installationLabel}`,
    "SIZE:.spec.resources.requests.storage",
    "CLASS:.spec.storageClassName",
    "MODE:.spec.accessModes[0]",
  ].join();
  const output = ["--ignore-not-found", "--no-headers", "--output", `custom-columns=${columns}`];
  const find = async (kind: ClaimKind, resource: string): Promise<readonly Found[]> => {
    const claimed = claims.filter((claim) => claim.kind === kind);
    if (claimed.length === 0) return [];
    const { namespace = "default" } = claimed[0] ?? {};
    const names = claimed.map(({ name }) => name);
    const text = await kubectl([...flags, "--namespace", namespace, "get", resource, ...names, ...output]);
    return text.split("\n").flatMap((line): Found[] => {
      const [name = "", ...columns] = line.split(/ +/);
      const [installation = "", size = "", storageClass = "", accessMode = ""] = columns.map((column) =>
        column.replace("<none>", ""),
      );
      const storage = size === "" ? {} : { storage: { size, storageClass, accessMode } };
      return name === "" ? [] : [{ kind, name, installation, ...storage }];
    });
  };
  const asked = Object.entries(resources).map(([kind, resource]) =>
    find(kind as ClaimKind, resource).catch((error: Error) => {
      if (onFailure) return onFailure(resource, error);
      throw error;
    }),
  );
  return (await Promise.all(asked)).flat();
}
