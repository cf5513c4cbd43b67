import * as pulumi from "@pulumi/pulumi";
import { Airflow } from "./components/airflow.ts";
import { leftOver, recordOf, spelled } from "./components/declarations/record.ts";
import { checkDowngrade } from "./components/downgrade.ts";
import { previousOutputs } from "./components/previous.ts";
import { readSettings } from "./config.ts";
import { checkMachines } from "./platforms/needs.ts";
import { platformOf } from "./platforms/platform.ts";

const settings = readSettings();
const name = `${pulumi.getProject()}-${pulumi.getStack()}`;
const previous = await previousOutputs();
checkDowngrade(settings.version, previous);
await checkMachines(settings, name);
const record = recordOf(settings, previous);
for (const line of leftOver(record)) await pulumi.log.warn(line);
const platform = await platformOf(settings, name);
const airflow = new Airflow("airflow", platform, settings, record.deleted);

export const webserverUrl = airflow.webserverUrl;
export const flowerUrl = airflow.flowerUrl;
export const adminUser = settings.adminUser;
export const adminPassword = pulumi.secret(airflow.adminPassword);
export const workers = airflow.workers;
export const declared = spelled(record.declared);
export const undeclared = spelled(record.undeclared);
export const deleted = spelled(record.deleted);
export const version = airflow.version;
