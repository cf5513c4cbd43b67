import { airflowOption } from "../model/airflowOptions.ts";
import { textOf } from "../model/sources.ts";
import { isPlace } from "../schema/secret.ts";
import { majorOf } from "../schema/versions.ts";
import { faultAt } from "./fault.ts";
import { rule } from "./rule.ts";

/** Reads JSON; undefined if the text is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return;
  }
}

/** True if a text is a JSON object, or null, which counts as no value. */
function isObject(text: string): boolean {
  const value = parsed(text);
  return typeof value === "object" && !Array.isArray(value);
}

const needed = "Airflow would not start";
const backend = "Airflow would use the backend without them";

/** Settings that are JSON objects, each with what happens otherwise. Some are secret, so no fault prints a value. */
const objects: Readonly<Record<`${string}.${string}`, string>> = {
  "celery.result_backend_sqlalchemy_engine_options": needed,
  "celery_broker_transport_options.sentinel_kwargs": needed,
  "celery_result_backend_transport_options.sentinel_kwargs": needed,
  "core.asset_manager_kwargs": needed,
  "core.dataset_manager_kwargs": needed,
  "database.sql_alchemy_engine_args": needed,
  "fab.custom_roles": needed,
  "logging.remote_task_handler_kwargs": needed,
  "sdk.coordinators": "no task would start",
  "sdk.queue_to_coordinator": "no task would start",
  "secrets.backend_kwargs": backend,
  "workers.secrets_backend_kwargs": backend,
};

const settings = Object.entries(objects).map(([name, effect]) =>
  rule([`settings.${name}`], (stack) => {
    const given = airflowOption(stack, name);
    const text = textOf(given?.value);
    const isRead = text === undefined || text === "" || isObject(text);
    return isRead ? [] : faultAt(given?.path ?? [], `${effect}: expected a JSON object as text`);
  }),
);

/** Rejects bundles of DAGs that Airflow cannot read. */
const bundles = rule(["settings.dag_processor.dag_bundle_config_list"], (stack) => {
  const given = airflowOption(stack, "dag_processor.dag_bundle_config_list");
  const isRead = !given || given.value === "" || parsed(given.value) !== undefined;
  return isRead ? [] : faultAt(given.path, "Airflow would not start: expected JSON");
});

/** Rejects further fields of a connection that Airflow 3 refuses, in the middle of a deployment. */
const extras = rule(["version", "connections.*.extra"], ({ version, connections }) =>
  Object.entries(connections).flatMap(([id, { extra }]) => {
    const text = typeof extra === "string" || isPlace(extra) ? textOf(extra) : undefined;
    const isRead = majorOf(version) === "2" || !text || (isObject(text) && text.trim() !== "null");
    return faultAt(
      ["connections", id, "extra"],
      isRead ? undefined : "Airflow would refuse the connection: expected a JSON object",
    );
  }),
);

/** Rules about texts of which Airflow reads the JSON. */
export const jsonRules = [...settings, bundles, extras];
