import { type Shape, stackShape } from "../../settings/schema/shape.ts";
import { AirflowStack } from "../airflowStack.ts";

type Json = Readonly<Record<string, unknown>>;

const any = { $ref: "pulumi.json#/Any" };
const texts = { type: "array", items: { type: "string" } };

/** Object types of a package, by token. */
type Types = Record<string, Json>;

/** True if the keys of an object are identifiers in every language. */
function isRecord({ properties }: Shape): boolean {
  return properties !== undefined && Object.keys(properties).every((key) => /^[a-zA-Z]\w*$/.test(key));
}

function objectType(name: string, { properties = {}, required = [] }: Shape, types: Types): Json {
  const token = `airflow:index:${name}`;
  types[token] = { type: "object", properties: membersOf(name, properties, types), required };
  return { $ref: `#/types/${token}` };
}

/** Returns the type of a value; `name` is the name of its object type, if it becomes one. */
function typeOf(name: string, shape: Shape, types: Types): Json {
  const { type, secret, anyOf, items, additionalProperties } = shape;
  if (secret && anyOf) return { oneOf: [{ type: "string" }, { type: "object", additionalProperties: any }] };
  if (isRecord(shape)) return objectType(name, shape, types);
  if (type === "array" && items) return { type, items: typeOf(name, items, types) };
  if (type === "object") {
    const inner = typeof additionalProperties === "object" && typeOf(name, additionalProperties, types);
    return { type, additionalProperties: inner || any };
  }
  return typeof type === "string" && anyOf === undefined ? { type } : any;
}

function membersOf(name: string, properties: NonNullable<Shape["properties"]>, types: Types): Json {
  const members = Object.entries(properties).map(([key, shape]) => {
    const inner = `${name}${key[0]?.toUpperCase()}${key.slice(1)}`;
    const { description, secret } = shape;
    return [key, { ...typeOf(inner, shape, types), description, ...(secret && { secret }) }];
  });
  return Object.fromEntries(members);
}

/** Derives the schema of the Pulumi package from the schema of a stack. */
export function packageSchema(version: string): Json {
  const types: Types = {};
  const inputProperties = membersOf("", stackShape().properties ?? {}, types);
  const text = { type: "string" };
  const properties = {
    webserverUrl: { ...text, description: "Address of the webserver." },
    flowerUrl: { ...text, description: "Address of Flower." },
    monitoringUrl: { ...text, description: "Address of the monitoring, if there is one." },
    adminUser: { ...text, description: "Login of the first administrator." },
    adminPassword: { ...text, description: "Password of the first administrator.", secret: true },
    workers: { ...texts, description: "Names of the workers." },
    version: { ...text, description: "Airflow version of the metadata database." },
    backupKeys: { ...text, description: "Keys that open backups, if there are backups.", secret: true },
  };
  const { backupKeys, monitoringUrl, ...required } = properties;
  return {
    name: "airflow",
    version,
    description: "Apache Airflow on the CeleryExecutor",
    types,
    resources: {
      [AirflowStack.type]: {
        isComponent: true,
        description: "Airflow on Celery; a Pulumi stack can have one.",
        inputProperties,
        properties,
        required: Object.keys(required),
      },
    },
  };
}
