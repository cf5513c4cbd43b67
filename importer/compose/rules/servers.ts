import { posix } from "node:path";
import { validate } from "../../../settings/read/validate.ts";
import { handled, type Item, type Outcome, unsupported } from "../../rule.ts";
import { looksSecret } from "../../secrets.ts";
import { commandsOf } from "../argv.ts";
import { targetOf, volumeSource, zoneFile } from "../container.ts";
import type { ComposeContext } from "../context.ts";

/** Options of a server's command, by name; the last value of an option counts. */
type Options = ReadonlyMap<string, string>;

/** Reads `--save 60 1 --maxmemory 1gb`: an option has all words up to the next one. */
function redisOptions(argv: readonly string[]): Options {
  const options = new Map<string, string>();
  let name: string | undefined;
  for (const word of argv.slice(1)) {
    const [, option] = /^--([a-z][\w-]*)$/i.exec(word) ?? [];
    if (option !== undefined) options.set(option.toLowerCase(), "");
    else if (name !== undefined) options.set(name, `${options.get(name)} ${word}`.trim());
    name = option?.toLowerCase() ?? name;
  }
  return options;
}

const shortOptions: Readonly<Record<string, string>> = {
  "-N": "max_connections",
  "-B": "shared_buffers",
  "-S": "work_mem",
};

/** Reads `-c max_connections=200`, `-cwork_mem=64MB`, `--work_mem=64MB` and `-N 200`. */
function postgresOptions(argv: readonly string[]): Options {
  const options = new Map<string, string>();
  for (const [at, word] of argv.entries()) {
    const previousWord = argv[at - 1] ?? "";
    const short = shortOptions[previousWord];
    const [, key, value] =
      (previousWord === "-c" ? /^([\w.]+)=(.*)$/s : /^(?:-c|--)([\w.-]+)=(.*)$/s).exec(word) ?? [];
    if (key !== undefined && value !== undefined) options.set(key.replaceAll("-", "_"), value);
    else if (short !== undefined) options.set(short, word);
  }
  return options;
}

/** Options that the stack always decides, and that the report leaves out. */
const decidedByStack = {
  redis:
    /^(save|appendonly|requirepass|masterauth|masteruser|user|aclfile|supervised|daemonize|port|bind|protected-mode|dir|dbfilename|logfile|loglevel)$/,
  postgres: /^(listen_addresses|port|data_directory|hba_file|config_file|ssl\w*|log_\w+|logging_collector)$/,
};

/** Returns the message of the stack's fault for a setting of its own Postgres or Redis; undefined if the setting is allowed. */
function settingFault(server: "postgres" | "redis", key: string, value: string): string | undefined {
  // With the most memory, no size is too large for the server.
  const { faults } = validate({ [server]: { memory: 1_048_576, settings: { [key]: value } } });
  return faults.find(({ path }) => path[0] === server && path[2] === key)?.message;
}

/** Takes over the options of a server's command that the stack lets a user decide. */
export function serverCommand(server: "postgres" | "redis", outcome: string) {
  return ({ value }: Item): Outcome => {
    const argv = commandsOf(undefined, value).find(({ length }) => length > 1) ?? [];
    const options = server === "redis" ? redisOptions(argv) : postgresOptions(argv);
    const allowedOptions = [...options].filter(
      ([key, text]) => !decidedByStack[server].test(key) && !looksSecret(key, text),
    );
    const faults = allowedOptions.map(([key, text]) => settingFault(server, key, text));
    const targets = allowedOptions
      .filter((_, at) => faults[at] === undefined)
      .map(([key, text]) => ({ path: [server, "settings", key], value: text }));
    const refused = allowedOptions.flatMap(([key], at) =>
      faults[at] === undefined ? [] : [`${key}: ${faults[at]}`],
    );
    const note = refused.length === 0 ? undefined : `without ${refused.join("; ")}`;
    if (targets.length > 0) return { kind: "taken", targets, note };
    return handled(note === undefined ? outcome : `${outcome}, ${note}`);
  };
}

/** Folders of data in the servers' containers. */
const dataFolders = /^(\/data|\/var\/lib\/(postgresql|pgsql|redis)|\/bitnami)(\/|$)/;

/** Decides what becomes of a file at a path in a server's container. */
function fileOf(server: "postgres" | "redis", path: string): Outcome {
  return path.startsWith("/docker-entrypoint-initdb.d")
    ? unsupported(
        "the stack's Postgres runs no scripts of yours: run them with psql after the first deployment",
      )
    : unsupported(`the stack's ${server} reads no files of yours: expected ${server}.settings`);
}

/** Makes the rule of a server's volumes: its data stays where it is, and its files have no counterpart. */
export function serverVolume(server: "postgres" | "redis", data: string) {
  return ({ value }: Item, { tree }: ComposeContext): Outcome => {
    const target = targetOf(value);
    const isNamed = !/^[./~]/.test(volumeSource(value, tree));
    if (zoneFile.test(target)) return handled("its clock is in UTC");
    return isNamed || dataFolders.test(target) ? handled(data) : fileOf(server, target);
  };
}

/** Makes the rule of a server's files among the configs of compose: by a name, or a name and a path. */
export function serverConfig(server: "postgres" | "redis") {
  return ({ value }: Item): Outcome => fileOf(server, posix.normalize(String(Object(value).target ?? value)));
}
