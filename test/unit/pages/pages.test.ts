import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import { parse } from "yaml";
import { type Shape, stackShape } from "../../../settings/schema/shape.ts";
import { type Command, type CommandName, commands } from "../../../tools/lib/commandLine/commands.ts";
import { project } from "../../../tools/lib/process.ts";
import { suites, testFiles } from "../../runner/jobs.ts";

/** Every page of the project, quoted so that `npm test -- --changed` runs this file for each. */
const pages = [
  "CONTRIBUTING.md",
  "README.md",
  "docs/backup.md",
  "docs/configuration.md",
  "docs/configure.md",
  "docs/decisions.md",
  "docs/deploy.md",
  "docs/develop.md",
  "docs/external-services.md",
  "docs/import.md",
  "docs/kubernetes.md",
  "docs/machines.md",
  "docs/monitoring.md",
  "docs/reliability.md",
  "docs/scale.md",
  "docs/security.md",
  "docs/upgrade.md",
  "test/lab/README.md",
];

/** Pages for readers who change the program. */
const forDevelopers = ["docs/decisions.md", "test/lab/README.md"];

/** Source files that a page names and that exist only in a container. */
const inContainers = ["airflow_local_settings.py"];

const scripts: Readonly<Record<string, string>> = JSON.parse(read("package.json")).scripts;
const top = new Set(globSync("*", { cwd: project }));
const files = globSync("**/*", {
  cwd: project,
  exclude: (name) => name === "node_modules" || name === "dist",
});
const names = new Set(files.map((file) => basename(file)));

function read(path: string): string {
  return readFileSync(join(project, path), "utf8");
}

/** Code blocks, with their language. */
function blocks(page: string): { language: string; text: string }[] {
  return [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = "", text = ""]) => ({
    language,
    text,
  }));
}

function withoutBlocks(page: string): string {
  return page.replaceAll(/^```\w*\n.*?^```$/gms, "");
}

/** Inline code. */
function spans(page: string): string[] {
  return [...withoutBlocks(page).matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code.replaceAll(/\s+/g, " "));
}

/** Lines of code in a page, without comments. */
function codeLines(page: string): string[] {
  const ofBlocks = blocks(page).filter(({ language }) => language !== "mermaid");
  return [...spans(page), ...ofBlocks.flatMap(({ text }) => text.split("\n"))].map((line) =>
    line.replace(/\s# .*$/, ""),
  );
}

/** Link anchors of a page's headings, as GitHub makes them. */
function anchors(page: string): string[] {
  return [...withoutBlocks(page).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(/\s/g, "-"),
  );
}

/** True if a link leads nowhere. */
function broken(file: string, link: string): boolean {
  if (/^https:\/\/\S+$/.test(link)) return false;
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? file : normalize(join(dirname(file), path));
  if (target.startsWith("..") || !existsSync(join(project, target))) return true;
  return anchor !== undefined && !anchors(read(target)).includes(anchor);
}

/** Words in code that are paths of the project. Words with capitals, or `ours`, are examples. */
function pathsIn(page: string): string[] {
  const words = codeLines(page).flatMap((line) => line.split(/[\s"'(),:=[\]{}]+/));
  return words
    .filter((word) => /^[\w@-][\w.@-]*(\/[\w.@-]+)*\/?$/.test(word))
    .filter((word) => !/[A-Z]{3}|\bours\b/.test(word.replace(/README|CONTRIBUTING|INSTALL/, "")))
    .filter(
      (word) =>
        (word.includes("/") && top.has(word.split("/")[0] ?? "")) || /\.(ts|sh|py|c|md|lock|in)$/.test(word),
    );
}

function exists(file: string, path: string): boolean {
  const places = [path, join(dirname(file), path)];
  return places.some((place) => existsSync(join(project, place))) || (!path.includes("/") && names.has(path));
}

/** Commands `npm run` and `npm test` of a page whose script or arguments do not exist. */
function wrongCommands(page: string): string[] {
  const scriptNames = [...page.matchAll(/npm run\s+(?:--silent\s+)?([a-z][\w:-]*)/g)].map(
    ([, name = ""]) => name,
  );
  const unknown = scriptNames.filter((name) => scripts[name] === undefined).map((name) => `npm run ${name}`);
  const called = codeLines(page).flatMap((line) => [
    ...line.matchAll(/npm (?:run (?:--silent )?([\w:-]+)|(test)) --(?= )([^;|&]*)/g),
  ]);
  const flags = called.flatMap(([, script, , args = ""]) => {
    if (script === undefined || script === "pulumi" || !Object.hasOwn(commands, script)) return [];
    const flags = [...args.matchAll(/--([a-z][a-z-]*)/g)].map(([, flag = ""]) => flag);
    const { flags: known }: Command = commands[script as CommandName];
    return flags
      .filter((flag) => flag !== "help" && !Object.hasOwn(known, flag))
      .map((flag) => `npm run ${script} -- --${flag}`);
  });
  const known = new Set<string>(["check", ...suites, ...testFiles(), "--changed", "--since"]);
  const tests = called.flatMap(([, , isTest, args = ""]) =>
    isTest === undefined
      ? []
      : args
          .trim()
          .split(/\s+/)
          .filter((word) => !known.has(word))
          .map((word) => `npm test -- ${word}`),
  );
  return [...unknown, ...flags, ...tests];
}

/** True if the key exists, as far as the schema describes it. */
function isKey([key = "", ...rest]: readonly string[], shape: Shape): boolean {
  const { properties } = shape;
  const inner = properties?.[key];
  if (properties === undefined) return true;
  return inner !== undefined && (rest.length === 0 || isKey(rest, inner));
}

/** Stack keys that a page names and that do not exist. */
function wrongKeys(page: string): string[] {
  const prefixed = [...page.matchAll(/\bairflow:([A-Za-z]+)\b(?!:)/g)].map(([, key = ""]) => [key]);
  const shape = stackShape();
  const dotted = spans(page)
    .filter((code) => /^[a-z]\w*(\.\w+)+$/.test(code) && !/\.(conf|cfg|ini|ts|py|yaml|json)$/.test(code))
    .map((code) => code.split("."))
    .filter(([first = ""]) => shape.properties?.[first]?.properties !== undefined);
  return [...prefixed, ...dotted].filter((path) => !isKey(path, shape)).map((path) => path.join("."));
}

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
formats.default(ajv);
const isStackFile = ajv.compile(JSON.parse(read("stacks/schema.json")));

/** Errors that an editor would underline in examples of stack files; a file with `name` is another program's Pulumi.yaml. */
function wrongExamples(page: string): string[] {
  return blocks(page)
    .filter(({ language, text }) => language === "yaml" && !text.startsWith("name:"))
    .flatMap(({ text }) => {
      const file = parse(/^config:/m.test(text) ? text : `config:\n${text}`);
      return isStackFile(file) ? [] : [`${text}${ajv.errorsText(isStackFile.errors)}`];
    });
}

/** Sentences that begin with a pronoun without a noun. Tables are generated from the schema. */
function nounless(page: string): string[] {
  const text = withoutBlocks(page)
    .replaceAll(/^\|.*$/gm, "")
    .replaceAll(/\*\*/g, "");
  return [...text.matchAll(/(?:^|[.:!?]\s+|\n\n|^- )((?:One that|Those|Who|What is|Whatever)\b[^.]*)/gm)].map(
    ([, sentence = ""]) => sentence,
  );
}

function linksIn(page: string): string[] {
  return [...withoutBlocks(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
}

test("every page of the project is tested", () => {
  const found = globSync(["*.md", "docs/**/*.md", "test/**/*.md"], { cwd: project }).sort();
  assert.deepEqual(found, pages);
});

for (const file of pages) {
  test(`${file}: links, paths, commands, keys and examples are right`, () => {
    const page = read(file);
    const links = linksIn(page);
    const paths = pathsIn(page);
    assert.deepEqual(
      links.filter((link) => broken(file, link)),
      [],
      "links",
    );
    assert.deepEqual(
      paths.filter((path) => !exists(file, path) && !inContainers.includes(path)),
      [],
      "paths",
    );
    assert.deepEqual(wrongCommands(page), [], "commands");
    assert.deepEqual(wrongKeys(page), [], "keys");
    assert.deepEqual(wrongExamples(page), [], "examples");
    const titles = anchors(page);
    assert.deepEqual(titles, [...new Set(titles)], "headings");
    if (!forDevelopers.includes(file)) assert.deepEqual(nounless(page), [], "sentences");
  });
}

test("the README takes five minutes to read, and links to every page for users", () => {
  const readme = read("README.md");
  // People read about 200 words a minute.
  assert.ok(readme.split(/\s+/).length < 1000);
  const links = new Set(linksIn(readme).map((link) => link.split("#")[0]));
  assert.deepEqual(
    pages.filter((page) => !["README.md", "test/lab/README.md"].includes(page) && !links.has(page)),
    [],
  );
  assert.ok(pages.filter((page) => page.startsWith("docs/")).length <= 15);
});

test("the README's two commands are the commands of the project's checks", () => {
  const [first] = blocks(read("README.md")).filter(({ language }) => language === "sh");
  assert.deepEqual(
    first?.text
      .trim()
      .split("\n")
      .map((line) => line.replace(/\s*#.*/, "")),
    ["npm run up", "npm test"],
  );
  assert.match(read(".ci/run"), /^exec npm test$/m);
});

test("the checks of pages find mistakes", () => {
  assert.ok(broken("docs/scale.md", "nowhere.md"));
  assert.ok(broken("docs/scale.md", "security.md#nothing"));
  assert.ok(!broken("docs/scale.md", "security.md#give-a-secret"));
  const paths = pathsIn("`settings/gone.ts` `gone.ts` `dags/` `stacks/Pulumi.NAME.yaml` `a/b`");
  assert.deepEqual(paths, ["settings/gone.ts", "gone.ts", "dags/"]);
  assert.deepEqual(
    paths.filter((path) => !exists("README.md", path)),
    ["settings/gone.ts", "gone.ts"],
  );
  assert.deepEqual(
    wrongCommands("`npm run gone`, `npm run up -- --gone`, `npm run up -- --stack a`, `npm test -- gone`"),
    ["npm run gone", "npm run up -- --gone", "npm test -- gone"],
  );
  assert.deepEqual(wrongKeys("`airflow:gone` `airflow:workers` `redis.gone` `redis.settings.save`"), [
    "gone",
    "redis.gone",
  ]);
  assert.equal(wrongExamples("```yaml\n  airflow:workers: two\n```\n").length, 1);
  assert.deepEqual(nounless("It is so. Those are not.\n\nWho knows does."), [
    "Those are not",
    "Who knows does",
  ]);
});
