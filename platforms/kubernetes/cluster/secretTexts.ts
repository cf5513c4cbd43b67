import type { SecretTexts } from "../../../settings/schema/secret.ts";
import { askCluster } from "../../ask.ts";

/**
 * Reads Secrets that exist and that the user of kubectl may read; the others are left out.
 * @param flags of kubectl, which select the namespace
 */
export async function secretTexts(names: readonly string[], flags: readonly string[]): Promise<SecretTexts> {
  const answers = names.map(async (name) => {
    const { text, complaint } = await askCluster([...flags, "get", "secret", name, "--output", "json"]);
    if (complaint !== undefined) return [];
    const data: Readonly<Record<string, string>> = JSON.parse(text).data ?? {};
    const entries = Object.entries(data).map(([key, encoded]) => [
      key,
      Buffer.from(encoded, "base64").toString("utf8"),
    ]);
    return [[name, Object.fromEntries(entries)] as const];
  });
  return new Map((await Promise.all(answers)).flat());
}
