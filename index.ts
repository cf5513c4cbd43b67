import * as pulumi from "@pulumi/pulumi";
import { Airflow } from "./components/airflow.ts";
import { leftOver, outputsOf, recordOf } from "./components/declarations/record.ts";
import { workersOf } from "./components/turns.ts";
import { checkVersion } from "./components/versionChange.ts";
import { readSettings, readValues } from "./config.ts";
import { hasFlag } from "./deploymentFlags.ts";
import { followContext } from "./platforms/endpoint.ts";
import { checkPlatform, deployedResources, lookFor } from "./platforms/look.ts";
import { isEmpty, knownFrom, previousOutputs } from "./platforms/ownership/known.ts";
import { platformOf } from "./platforms/platform.ts";

// Removes the hook that looks for source maps at each Pulumi promise: type stripping keeps lines and columns.
Reflect.deleteProperty(Error, "prepareStackTrace");

const resources = await deployedResources();
const settings = readSettings(isEmpty(resources));
const name = `${pulumi.getProject()}-${pulumi.getStack()}`;
const previous = previousOutputs(resources);
const known = knownFrom(resources);
if (!hasFlag("upgrade") && !hasFlag("restore")) checkVersion(settings.version, previous, pulumi.getStack());
await followContext(settings).catch(({ message }: Error) => {
  throw new pulumi.RunError(message);
});
await checkPlatform(settings, name);
const record = recordOf(settings, previous);
for (const line of leftOver(record)) await pulumi.log.warn(line);
const platform = await platformOf(settings, name, lookFor(settings, known, pulumi.getStack()));
const workers = hasFlag("at-once") || !known.hasWorkers ? [] : workersOf(previous, settings.version);
const past = { deleted: record.deleted, workers, config: readValues(), restores: hasFlag("restore") };
const airflow = new Airflow("airflow", platform, settings, past);

export default {
  webserverUrl: airflow.webserverUrl,
  flowerUrl: airflow.flowerUrl,
  adminUser: settings.adminUser,
  adminPassword: pulumi.secret(airflow.adminPassword),
  workers: airflow.workers,
  // Commands read it from the state without its key.
  version: pulumi.unsecret(airflow.version),
  ...(airflow.backupKeys && { backupKeys: pulumi.secret(airflow.backupKeys) }),
  ...outputsOf(record),
};
