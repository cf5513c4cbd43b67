import { statSync } from "node:fs";
import { capabilities, type PlatformName } from "../../../capabilities.ts";
import { codeFiles } from "../../model/names/ownCode.ts";
import { localSettingsFile, ownFiles, ownTrees, usersLocalSettingsFile } from "../../model/names/ownNames.ts";
import { sumOf } from "../../model/sizes.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { textFileProblem } from "./roles.ts";

/** Maximum size of all files together, in KiB: a cluster keeps 1 MiB for the files of a role, including the stack's. */
const mostKiB = 768;

/** Explains why a file cannot be delivered; undefined if it can. */
function problem(path: string, source: string, platform: PlatformName): string | undefined {
  const isOwn = (ownFiles as readonly string[]).includes(path) && path !== usersLocalSettingsFile;
  if (isOwn || ownTrees.some((tree) => path.startsWith(`${tree}/`))) {
    return "the stack has a module of this name: expected another name";
  }
  if (!capabilities[platform].filePaths && !/^[A-Za-z0-9._/-]+$/.test(path)) {
    return "a cluster keeps it under its name in a ConfigMap: expected letters, digits, '.', '_' and '-'";
  }
  return textFileProblem(source);
}

/** Rejects files that cannot be delivered to every role. */
const undeliverable = rule(["dags", "plugins", "config", "platform"], (parsed) =>
  codeFiles(parsed).flatMap(({ key, name, path, source }) =>
    faultAt([key], problem(path, source, parsed.platform), name),
  ),
);

/** Rejects a path at which a role already has a file or a volume. */
const taken = rule(["dags", "plugins", "config", "roles.*.files.*", "roles.*.volumes.*"], (parsed) =>
  codeFiles(parsed).flatMap(({ key, name, path }) => {
    const filed = path === usersLocalSettingsFile ? localSettingsFile : path;
    return Object.entries(parsed.roles).flatMap(([role, { files, volumes }]) => {
      const volume = Object.keys(volumes).find((target) => path.startsWith(`${target}/`));
      const other = Object.hasOwn(files, filed) ? "files" : volume && "volumes";
      return faultAt([key], other && `roles.${role}.${other} has it too: expected only one of them`, name);
    });
  }),
);

/** Rejects more code than a cluster can keep. */
const tooLarge = rule(["dags", "plugins", "config"], (parsed) => {
  const files = codeFiles(parsed);
  const KiB = Math.ceil(sumOf(files.map(({ source }) => statSync(source).size)) / 1024);
  const message =
    `the files of plugins and config have ${KiB} KiB: expected at most ${mostKiB}; ` +
    "larger files belong in the image, see images.airflow and requirements";
  return files[0] && KiB > mostKiB ? [{ path: [files[0].key], message }] : [];
});

export const ownCodeRules = [undeliverable, taken, tooLarge];
