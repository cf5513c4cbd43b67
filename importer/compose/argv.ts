import { basename } from "node:path";

/** Operators after which a shell begins another command. */
const separators = /^(?:&&|\|\||;;?|\||&|\n|\(|\)|\{|\})$/;

/** Splits a text as a shell does: into words without their quotes, and the operators between commands. */
function tokenize(text: string): { readonly word: string; readonly isOperator: boolean }[] {
  const tokens: { word: string; isOperator: boolean }[] = [];
  const pattern =
    /(?<skip>\\\n|[ \t\r]+|(?<=^|\s)#[^\n]*)|(?<operator>&&|\|\||[;|&\n()])|(?<word>(?:"(?:\\.|[^"\\])*"|'[^']*'|\\[^\n]|\$\([^)]*\)|\$\{[^}]*\}|[^\s;|&()"'\\])+)|./gsu;
  for (const { groups = {} } of text.matchAll(pattern)) {
    if (groups.operator !== undefined) tokens.push({ word: groups.operator, isOperator: true });
    else if (groups.word !== undefined) tokens.push({ word: unquote(groups.word), isOperator: false });
  }
  return tokens;
}

function unquote(word: string): string {
  return word.replace(
    /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/gs,
    (_, double?: string, single?: string, char?: string) =>
      double?.replace(/\\(["\\$`])/g, "$1") ?? single ?? char ?? "",
  );
}

/** Words that begin or continue a compound command of a shell. */
const keywords = new Set([
  "if",
  "then",
  "else",
  "elif",
  "while",
  "until",
  "do",
  "!",
  "{",
  "}",
  "fi",
  "done",
  "time",
]);

/** Splits a shell's script into its commands, each a list of words. */
function splitCommands(script: string): string[][] {
  const commands: string[][] = [[]];
  for (const { word, isOperator } of tokenize(script)) {
    const last = commands.at(-1) ?? [];
    if (isOperator && separators.test(word)) commands.push([]);
    else if (!(last.length === 0 && keywords.has(word))) last.push(word);
  }
  return commands.filter((words) => words.length > 0);
}

/** Returns the words of a command, which compose gives as a text or a list; the items of a list are not split. */
function splitWords(command: unknown): string[] {
  if (Array.isArray(command)) return command.map((word) => String(word ?? ""));
  return tokenize(String(command ?? "")).map(({ word }) => word);
}

const shells = new Set(["bash", "sh", "dash", "ash", "zsh"]);

/** Programs whose arguments never start Airflow, even if they name it. */
const harmlessPrograms = new Set(
  "echo printf cat ls mkdir chown chmod cd rm test [ [[ grep sleep export pip pip3 touch curl cp mv set trap".split(
    " ",
  ),
);

/** Programs that leave nothing behind for Airflow. */
const passingPrograms = new Set([
  ...[...harmlessPrograms].filter((name) => !name.startsWith("pip")),
  ..."awk df exit false find function getconf head local nc pg_isready return sed tail true ver wait".split(
    " ",
  ),
]);

/** Returns the commands that a command starts: opens a shell's `-c`, and drops assignments and wrappers such as `exec`. */
function unwrapCommand(words: readonly string[]): string[][] {
  const start = words.findIndex(
    (word) => !/^[A-Za-z_]\w*=/.test(word) && !/^(exec|command|nohup|--)$/.test(word),
  );
  const argv = start < 0 ? [] : words.slice(start);
  const [first = ""] = argv;
  if (harmlessPrograms.has(first)) return [argv];
  if (shells.has(basename(first))) {
    const flag = argv.findIndex((word, at) => at > 0 && /^-[a-z]*c$/.test(word));
    if (flag > 0) return splitCommands(argv[flag + 1] ?? "").flatMap(unwrapCommand);
    const script = argv.slice(1).findIndex((word) => !word.startsWith("-"));
    return script < 0 ? [] : unwrapCommand(argv.slice(script + 1));
  }
  const shell = argv.findIndex(
    (word, at) => at > 0 && shells.has(basename(word)) && /^-[a-z]*c$/.test(argv[at + 1] ?? ""),
  );
  // A script of the team's before the shell does work of its own.
  if (shell > 0) return [...(/\.sh$/.test(first) ? [[first]] : []), ...unwrapCommand(argv.slice(shell))];
  return [argv];
}

function allCommands(entrypoint: unknown, command: unknown): string[][] {
  return unwrapCommand([...splitWords(entrypoint), ...splitWords(command)]).filter((argv) => argv.length > 0);
}

/** Lists the commands that a service runs, without the shells and programs that wrap them. */
export function commandsOf(entrypoint: unknown, command: unknown): string[][] {
  return allCommands(entrypoint, command).filter(([first = ""]) => !harmlessPrograms.has(first));
}

/** Lists the commands of a service that may change what its tasks find. */
export function lastingCommands(entrypoint: unknown, command: unknown): string[][] {
  return allCommands(entrypoint, command).filter(
    ([first = "", second = ""]) =>
      /^[A-Za-z_./][\w./-]*$/.test(first) &&
      !passingPrograms.has(first) &&
      !/^wait/.test(basename(first)) &&
      // A comparison of a shell's arithmetic.
      !/^[<>=!]+$/.test(second),
  );
}
