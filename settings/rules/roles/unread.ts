import { airflowOption } from "../../model/airflowOptions.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { entryFaults } from "./entries.ts";

const users = "the image's programs find their user in it: expected another path";
const resolver = "the engine or the cluster writes it: expected";

/** Paths at which a file has no effect, or harms, each with the key to use instead. */
const instead: Readonly<Record<string, string>> = {
  "/opt/airflow/airflow.cfg": "no role reads it: expected settings, by section and key",
  "/etc/passwd": users,
  "/etc/group": users,
  "/etc/hosts": `${resolver} extraHosts`,
  "/etc/hostname": `${resolver} another path`,
  "/etc/resolv.conf": `${resolver} another path`,
};

const files = rule(["roles.*.files.*"], ({ roles }) =>
  entryFaults(roles, "files", (path) => (Object.hasOwn(instead, path) ? instead[path] : undefined)),
);

const ownPlugins = "/opt/airflow/plugins";

/** Rejects another folder of plugins than the stack's, unless an image of the user's may have it. */
const plugins = rule(["settings.core.plugins_folder"], (parsed, isGiven) => {
  const given = airflowOption(parsed, "core.plugins_folder");
  const isOwn = given?.value.replace(/\/$/, "") === ownPlugins;
  if (!given || isOwn || (isGiven("images.airflow") && !isGiven("plugins"))) return [];
  return faultAt(
    given.path,
    `every role reads plugins from ${ownPlugins}: expected plugins, and no value here`,
    given.value,
  );
});

/** Rules about files and folders that the roles do not read. */
export const unreadRules = [files, plugins];
