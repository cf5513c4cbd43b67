import { lastingCommands } from "./compose/argv.ts";
import { extraCommand } from "./compose/roles.ts";
import { convertPackages } from "./environment.ts";
import { type ConvertedKey, handled, targetsOf } from "./rule.ts";

/** Outcome of a command that only starts a role. */
export const startedByStack = handled("the stack starts each role itself");

/** Flags of `pip install` that say nothing about the packages. */
const quietFlags =
  /^(-q+|--quiet|-U|--upgrade|--user|--no-cache-dir|--no-input|--disable-pip-version-check|--root-user-action=\w+|--break-system-packages)$/;

const packageForm = /^[A-Za-z0-9][\w.[\],<>=!~-]*$/;

/** Lists the packages of `pip install`; undefined for another command, or if it installs anything else. */
function packagesOf(argv: readonly string[]): readonly string[] | undefined {
  const at = argv.indexOf("install");
  if (at < 1 || !/^pip3?$/.test(argv[at - 1] ?? "")) return undefined;
  const words = argv.slice(at + 1).filter((word) => !quietFlags.test(word));
  return words.every((word) => packageForm.test(word)) ? words : undefined;
}

/** Converts what a service's commands do beside starting its role: packages become requirements, and the rest is named. */
export function convertExtraCommands(
  entrypoint: unknown,
  command: unknown,
): { readonly targets: readonly ConvertedKey[]; readonly left: readonly string[] } {
  const commands = lastingCommands(entrypoint, command).map((argv) => ({
    argv,
    installed: packagesOf(argv),
  }));
  const packages = commands.flatMap(({ installed }) => installed ?? []);
  const others = commands.flatMap(({ argv, installed }) => (installed ? [] : (extraCommand(argv) ?? [])));
  const targets = packages.length > 0 ? targetsOf(convertPackages(packages.join(" "))) : [];
  const names = [...new Set(others)].join(", ");
  return {
    targets,
    left: names === "" ? [] : [`the stack starts roles only, without ${names}: do its work in another way`],
  };
}
