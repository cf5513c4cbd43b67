import { statSync } from "node:fs";
import { capabilities, type PlatformName } from "../../../capabilities.ts";
import { codeFiles } from "../../model/names/ownCode.ts";
import { localSettingsFile, ownFiles, ownTrees, usersLocalSettingsFile } from "../../model/names/ownNames.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { noText } from "./roles.ts";

/** KiB of all files together; a cluster keeps 1 MiB for the files of a role, the stack's own among them. */
const mostKiB = 768;

/** Says why a file cannot be delivered; undefined if it can. */
function complaint(path: string, source: string, platform: PlatformName): string | undefined {
  const isOwn = (ownFiles as readonly string[]).includes(path) && path !== usersLocalSettingsFile;
  if (isOwn || ownTrees.some((tree) => path.startsWith(`${tree}/`))) {
    return "the stack has a module of this name: expected another name";
  }
  if (!capabilities[platform].filePaths && !/^[A-Za-z0-9._/-]+$/.test(path)) {
    return "a cluster names it in a ConfigMap: expected letters, digits, '.', '_' and '-'";
  }
  return noText(source);
}

/** Rejects files that cannot be delivered to every role. */
const undeliverable = rule(["dags", "plugins", "config", "platform"], (parsed) =>
  codeFiles(parsed).flatMap(({ key, name, path, source }) =>
    faultAt([key], complaint(path, source, parsed.platform), name),
  ),
);

/** Rejects a path at which a role has something else. */
const taken = rule(["dags", "plugins", "config", "roles.*.files.*", "roles.*.volumes.*"], (parsed) =>
  codeFiles(parsed).flatMap(({ key, name, path }) => {
    const filed = path === usersLocalSettingsFile ? localSettingsFile : path;
    return Object.entries(parsed.roles).flatMap(([role, { files, volumes }]) => {
      const volume = Object.keys(volumes).find((target) => path.startsWith(`${target}/`));
      const other = Object.hasOwn(files, filed) ? "files" : volume && "volumes";
      return faultAt([key], other && `roles.${role}.${other} has it too: expected either`, name);
    });
  }),
);

/** Rejects more than a cluster can keep. */
const tooLarge = rule(["dags", "plugins", "config"], (parsed) => {
  const files = codeFiles(parsed);
  const KiB = Math.ceil(files.reduce((sum, { source }) => sum + statSync(source).size, 0) / 1024);
  const message =
    `the files of plugins and config have ${KiB} KiB: expected ${mostKiB}; ` +
    "larger ones belong into the image, see images.airflow and requirements";
  return files[0] && KiB > mostKiB ? [{ path: [files[0].key], message }] : [];
});

export const ownCodeRules = [undeliverable, taken, tooLarge];
