import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { AirflowStack, claimDeployment } from "../airflowStack.ts";
import { packageSchema } from "./schema.ts";

/** Constructs the component for programs in other languages. */
class AirflowProvider implements pulumi.provider.Provider {
  readonly version: string = JSON.parse(
    readFileSync(new URL("package.json", import.meta.url), "utf8"),
  ).version;

  async getSchema(): Promise<string> {
    return JSON.stringify(packageSchema(this.version));
  }

  async construct(
    name: string,
    type: string,
    inputs: pulumi.Inputs,
    options: pulumi.ComponentResourceOptions,
  ): Promise<pulumi.provider.ConstructResult> {
    if (type !== AirflowStack.type) throw new Error(`type is ${type}; expected ${AirflowStack.type}`);
    claimDeployment(this, name);
    const { urn, ...stack } = new AirflowStack(name, inputs, options);
    const { webserverUrl, flowerUrl, monitoringUrl, adminUser, adminPassword, workers, version, backupKeys } =
      stack;
    return {
      urn,
      state: {
        webserverUrl,
        flowerUrl,
        monitoringUrl,
        adminUser,
        adminPassword,
        workers,
        version,
        backupKeys,
      },
    };
  }
}

void pulumi.provider.main(new AirflowProvider(), process.argv.slice(2));
