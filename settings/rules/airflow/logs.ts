import { airflowOption, logsAreRemote } from "../../model/airflowOptions.ts";
import { rule } from "../rule.ts";

/** Settings of which one names the place of remote logs. */
const places = [
  "logging.remote_base_log_folder",
  "logging.logging_config_class",
  "elasticsearch.host",
  "opensearch.host",
] as const;

/** Rejects remote logs without a place: roles then share no volume for logs, which would be lost with their workers. */
export const logRule = rule(
  ["settings.logging.remote_logging", ...places.map((name) => `settings.${name}` as const)],
  (parsed) => {
    const given = airflowOption(parsed, "logging.remote_logging");
    const hasPlace = places.some((name) => airflowOption(parsed, name)?.value);
    if (!given || hasPlace || !logsAreRemote(parsed)) return [];
    const message =
      "logs would be lost with their containers: expected settings.logging.remote_base_log_folder beside it, " +
      "such as s3://BUCKET/logs, and remote_log_conn_id; or leave it out";
    return [{ path: given.path, message, given: given.value }];
  },
);
