import * as pulumi from "@pulumi/pulumi";
import { Airflow } from "./components/airflow.ts";
import { readSettings } from "./config.ts";
import { platformOf } from "./platforms/platform.ts";

const settings = readSettings();
const platform = await platformOf(settings, `${pulumi.getProject()}-${pulumi.getStack()}`);
const airflow = new Airflow("airflow", platform, settings);

export const webserverUrl = airflow.webserverUrl;
export const flowerUrl = airflow.flowerUrl;
export const adminUser = settings.adminUser;
export const adminPassword = pulumi.secret(airflow.adminPassword);
export const workers = airflow.workers;
