import { commandsOf, lastingCommands } from "./compose/argv.ts";
import { extraCommand, parseStarted } from "./compose/roles.ts";
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

/** Flags of roles that need no counterpart: ports, addresses, logs and files of their processes, and Flower's login. */
const needlessFlags =
  /^(-[pHDlAEv]|--(port|host|hostname|address|daemon|pid|log-file|stdout|stderr|verbose|(access|error)-logfile|basic[_-]auth))$/;

/** Keys that replace flags of roles; other flags are settings. */
const keysByFlag: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  worker: {
    "--queues": "workerGroups[].queues",
    "--concurrency": "workerConcurrency",
    "--autoscale": "workerConcurrency and workerMinConcurrency",
  },
  triggerer: { "--queues": "workerGroups[].triggerers" },
  webserver: { "--ssl-cert": "publish.certificate", "--ssl-key": "publish.key" },
  flower: Object.fromEntries(
    ["--url-prefix", "--url_prefix"].map((flag) => [
      flag,
      "kubernetes.ingress.flower, a host name with a path",
    ]),
  ),
};

/** Returns the name of a flag, without a value behind it: `--capacity=50`, `-p8080`. */
function flagName(word: string): string {
  return /^--/.test(word) ? word.replace(/=.*$/s, "") : word.slice(0, 2);
}

/**
 * Says which flags the stack starts roles without, if a service's commands have any.
 * @param ofWorker lists those among the words after `worker`
 */
export function flagsLeft(
  entrypoint: unknown,
  command: unknown,
  ofWorker: (args: readonly string[]) => readonly string[],
): string[] {
  const roles = commandsOf(entrypoint, command)
    .flatMap(parseStarted)
    .filter(({ role }) => role !== "migration");
  const flags = roles.flatMap(({ role, args }) => {
    const names =
      role === "worker" ? ofWorker(args) : args.filter((word) => /^--?[A-Za-z]/.test(word)).map(flagName);
    const needed = names.filter((name) => !needlessFlags.test(name));
    return needed.map((name) => ({ name, key: keysByFlag[role]?.[name] }));
  });
  const others = new Set(flags.filter(({ key }) => key === undefined).map(({ name }) => name));
  const without = (names: string, instead: string) => `the stack starts roles without ${names}: ${instead}`;
  return [
    ...flags.flatMap(({ name, key }) => (key === undefined ? [] : [without(name, `expected ${key}`)])),
    ...(others.size > 0 ? [without([...others].join(", "), "give settings instead")] : []),
  ];
}
