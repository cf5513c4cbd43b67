import * as pulumi from "@pulumi/pulumi";

/** Reads the outputs of the stack's last deployment; empty before the first one. */
export async function previousOutputs(): Promise<Readonly<Record<string, unknown>>> {
  const name = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
  const { outputs } = await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name }, {});
  return outputs ?? {};
}
