import assert from "node:assert/strict";
import type { Stack } from "../../tools/lib/stack.ts";

interface Exported {
  readonly deployment: {
    readonly resources: readonly {
      readonly type: string;
      /** One secret as a whole, as the uploads include secrets. */
      readonly inputs?: { readonly hostname: string; readonly uploads: { readonly plaintext: string } };
    }[];
  };
}

/** Files of each container, by instance, without secrets, which are found anyway. */
export async function uploaded(stack: Stack): Promise<Map<string, string[]>> {
  const { deployment }: Exported = JSON.parse(await stack.pulumi(["stack", "export", "--show-secrets"]));
  const containers = deployment.resources.filter(({ type }) => type === "docker:index/container:Container");
  return new Map(
    containers.map(({ inputs: { hostname, uploads } = assert.fail("a container without inputs") }) => {
      const files = (JSON.parse(uploads.plaintext) as { file: string }[]).map(({ file }) => file);
      return [hostname, files.filter((file) => !file.startsWith("/run/secrets/"))];
    }),
  );
}
