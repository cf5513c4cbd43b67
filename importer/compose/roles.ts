import { basename } from "node:path";
import { roles } from "../../roles.ts";
import { commandsOf } from "./argv.ts";

/** Roles that keep running, unlike the migration. */
export const runningRoles: readonly string[] = roles.filter((role) => role !== "migration");

/** Roles by Airflow's subcommand; `standalone` runs all but workers. */
const subcommands: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(runningRoles.map((role) => [role, [role]])),
  "api-server": ["webserver"],
  standalone: ["scheduler", "webserver", "triggerer"],
};

/** Subcommands that prepare the database. */
const preparing: Readonly<Record<string, RegExp>> = {
  db: /^(init|migrate|upgrade|reset|check-migrations)$/,
  initdb: /^/,
  upgradedb: /^/,
  users: /^create$/,
  create_user: /^/,
};

/** A subcommand of Airflow, and the words after it. */
export interface Started {
  readonly role: string;
  /** Subcommand as spelt: `api-server`, `webserver`; empty if only the service's name is known. */
  readonly name: string;
  readonly args: readonly string[];
}

/** Returns a command from Airflow's subcommand on: `celery worker -q a`; undefined if the command is not Airflow's. */
function airflowArguments(argv: readonly string[]): readonly string[] | undefined {
  const airflow = argv.findIndex((word) => basename(word) === "airflow");
  if (airflow >= 0) return argv.slice(airflow + 1);
  const isKnown = (word: string) =>
    Object.hasOwn(subcommands, word) || Object.hasOwn(preparing, word) || word === "celery";
  // The image's entrypoint, or a script of the team's, starts what its arguments name.
  const first = argv.findIndex((word) => !isScript(word) && !word.startsWith("-"));
  const word = argv[first] ?? "";
  return isKnown(word) ? argv.slice(first) : undefined;
}

function isScript(word: string): boolean {
  return /^\S*\/\S+$|\.sh$/.test(word) && !/^(python|perl|node|java)/.test(basename(word));
}

/** Lists the roles that a command starts, also the preparation of the database. */
export function parseStarted(argv: readonly string[]): Started[] {
  const [name = "", ...args] = airflowArguments(argv) ?? [];
  if (name === "celery") {
    const at = args.findIndex((word) => word === "worker" || word === "flower");
    const role = args[at];
    return role === undefined ? [] : [{ role, name: role, args: args.slice(at + 1) }];
  }
  if (preparing[name]?.test(args[0] ?? "")) return [{ role: "migration", name, args }];
  return (Object.hasOwn(subcommands, name) ? (subcommands[name] ?? []) : []).map((role) => ({
    role,
    name,
    args,
  }));
}

/** Subcommands that only print, or prepare the database. */
const passing = /^(version|info|config|db|initdb|upgradedb|cheat-sheet)$/;

/** Names a command that starts no role, without its arguments, which may be secret; undefined for one that needs no counterpart. */
export function extraCommand(argv: readonly string[]): string | undefined {
  const program = basename(argv[0] ?? "");
  if (parseStarted(argv).some(({ role, name }) => role !== "migration" || passing.test(name)))
    return /\.sh$/.test(program) ? program : undefined;
  const airflow = airflowArguments(argv);
  // The image's entrypoint takes Airflow's subcommands as they are.
  if (!airflow && (program === "entrypoint" || passing.test(program))) return undefined;
  if (!airflow) return /^pip3?$/.test(program) ? `${program} ${argv[1] ?? ""}` : program;
  const [name = ""] = airflow;
  const words = airflow.slice(0, 2).filter((word) => /^[a-z][\w-]*$/.test(word));
  return words.length === 0 || passing.test(name) ? undefined : `airflow ${words.join(" ")}`;
}

/** Roles by words of a service's name. */
const rolesByWord: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    runningRoles.flatMap((role) => [role, role.replace("-", "")].map((name) => [name, role])),
  ),
  workers: "worker",
  apiserver: "webserver",
  "api-server": "webserver",
  web: "webserver",
  init: "migration",
  initdb: "migration",
  migrate: "migration",
  migrations: "migration",
  migration: "migration",
};

function roleByName(service: string): string | undefined {
  const name = service
    .toLowerCase()
    .replaceAll("_", "-")
    .replace(/-?\d+$/, "");
  const parts = name.split("-");
  const pairs = parts.map((part, at) => `${part}-${parts[at + 1]}`);
  const word = [...parts, ...pairs].find((part) => Object.hasOwn(rolesByWord, part));
  return word === undefined ? undefined : rolesByWord[word];
}

interface ServiceCommands {
  readonly service: string;
  readonly entrypoint: unknown;
  readonly command: unknown;
  /** True if variables make the image's entrypoint prepare the database. */
  readonly prepares: boolean;
}

/** Finds the roles that a service starts: by its commands, or by its name if there are no commands but scripts. */
export function findStarted({ service, entrypoint, command, prepares }: ServiceCommands): Started[] {
  const commands = commandsOf(entrypoint, command);
  const started = commands.flatMap(parseStarted);
  const roles = started.filter(({ role }) => role !== "migration");
  if (roles.length > 0) return roles;
  if (started.length > 0) return started.slice(0, 1);
  const isCommand = commands.some(([first = ""]) => !isScript(first));
  const byName = roleByName(service);
  if (prepares || (byName === "migration" && !isCommand))
    return [{ role: "migration", name: "db", args: [] }];
  return isCommand || byName === undefined ? [] : [{ role: byName, name: "", args: [] }];
}
