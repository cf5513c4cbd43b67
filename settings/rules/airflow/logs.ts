import { airflowOption, logsAreRemote } from "../../model/airflowOptions.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Settings that name where remote logs go; one of them is enough. */
const places = [
  "logging.remote_base_log_folder",
  "logging.logging_config_class",
  "elasticsearch.host",
  "opensearch.host",
] as const;

/** Rejects remote logs without a destination: roles share no log volume then, so logs would be lost with their workers. */
export const logRule = rule(
  ["settings.logging.remote_logging", ...places.map((name) => `settings.${name}` as const)],
  (parsed) => {
    const given = airflowOption(parsed, "logging.remote_logging");
    const hasPlace = places.some((name) => airflowOption(parsed, name)?.value);
    if (!given || hasPlace || !logsAreRemote(parsed)) return [];
    const message =
      "logs would be lost with their containers: expected settings.logging.remote_base_log_folder beside it, " +
      "such as s3://BUCKET/logs, and remote_log_conn_id; or no remote_logging";
    return [{ path: given.path, message, given: given.value }];
  },
);

/** Beginnings of places that Airflow and its providers know. */
const known = /^((s3|gs|oss|hdfs|cloudwatch|stackdriver):\/\/|wasb)/;

/** Rejects a place of remote logs that Airflow does not know: it would keep none. Earlier releases accepted such places. */
export const remotePlaceRule = rule(
  ["settings.logging.remote_logging", ...places.map((name) => `settings.${name}` as const)],
  (parsed) => {
    const given = airflowOption(parsed, "logging.remote_base_log_folder");
    const others = places.filter((name) => name !== "logging.remote_base_log_folder");
    const hasOther = others.some((name) => airflowOption(parsed, name)?.value);
    if (!given?.value || hasOther || !logsAreRemote(parsed) || known.test(given.value)) return [];
    const message =
      "Airflow knows no such place for logs: expected s3://BUCKET/logs, or the same with gs, wasb, oss, hdfs, cloudwatch or stackdriver";
    return faultAt(given.path, message, given.value);
  },
);
