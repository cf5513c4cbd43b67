import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { type Command, type CommandName, commands } from "../../../tools/lib/commandLine/commands.ts";
import { forwarded } from "../../../tools/lib/commandLine/forwarded.ts";
import { help } from "../../../tools/lib/commandLine/help.ts";
import { parse } from "../../../tools/lib/commandLine/parse.ts";
import { project } from "../../../tools/lib/process.ts";

const scripts: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(project, "package.json"), "utf8"),
).scripts;

/** Returns the command of an npm script: `test:unit` is `test` with a suite. */
function commandOf(script: string): CommandName {
  return script.replace(/^test:.*/, "test") as CommandName;
}

test("the table has the npm scripts, and no others", () => {
  const named = new Set(Object.keys(scripts).map(commandOf));
  assert.deepEqual([...named].sort(), Object.keys(commands).sort());
});

/** Runs an npm script's program, as `tools/run` does. */
function run(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const words = (scripts[script] ?? "").split(" ");
  assert.equal(words.shift(), "tools/run", script);
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((done) => {
    const options = { cwd: project, env: { ...process.env, ...env } };
    execFile(process.execPath, [...words, ...args], options, (error, stdout, stderr) => {
      done({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

suite("every npm script", { concurrency: 2 }, () => {
  for (const script of Object.keys(scripts)) {
    test(`${script} shows its help`, async () => {
      const shown = await run(script, ["--help"]);
      assert.deepEqual(shown, { code: 0, stdout: `${help(commandOf(script))}\n`, stderr: "" });
    });
  }
});

/** Returns the first line of a refusal. */
function refusalOf(
  name: CommandName,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string {
  try {
    parse(name, args, env);
  } catch (error) {
    return (error as Error).message.split("\n")[0] ?? "";
  }
  return "accepted";
}

const up = "--stack, --continue-on-error, --adopt, --at-once, --strict";
const refusals: readonly [
  name: CommandName,
  args: readonly string[],
  env: Record<string, string>,
  says: string,
][] = [
  [
    "up",
    [],
    { npm_config_stack: "prod" },
    "npm took --stack=prod for a flag of its own; expected npm run up -- --stack prod.",
  ],
  [
    "up",
    ["prod"],
    { npm_config_stack: "true" },
    "npm took --stack for a flag of its own; expected npm run up -- --stack prod.",
  ],
  [
    "up",
    [],
    { npm_config_stack: "true" },
    "npm took --stack for a flag of its own; expected npm run up -- --stack NAME.",
  ],
  [
    "up",
    [],
    { npm_config_stakc: "prod" },
    "npm took --stakc=prod for a flag of its own; expected npm run up -- --stack prod.",
  ],
  [
    "up",
    [],
    { npm_config_at_once: "true" },
    "npm took --at-once for a flag of its own; expected npm run up -- --at-once.",
  ],
  [
    "down",
    [],
    { npm_config_volumes: "true" },
    "npm took --volumes for a flag of its own; expected npm run down -- --volumes.",
  ],
  [
    "status",
    [],
    { npm_config_volumes: "true" },
    "npm took --volumes for a flag of its own; expected npm run status -- --volumes.",
  ],
  [
    "test",
    [],
    { npm_config_since: "HEAD~3" },
    "npm took --since=HEAD~3 for a flag of its own; expected npm test -- --since HEAD~3.",
  ],
  [
    "up",
    [],
    { PULUMI_STACK: "x" },
    "PULUMI_STACK is x, which only npm run pulumi reads; expected npm run up -- --stack x, or PULUMI_STACK unset.",
  ],
  [
    "import",
    ["c.yaml"],
    { PULUMI_STACK: "x" },
    "PULUMI_STACK is x, which only npm run pulumi reads; expected npm run import -- --stack x, or PULUMI_STACK unset.",
  ],
  [
    "up",
    ["prod"],
    {},
    "prod is one argument too many; expected no argument but flags; for a stack: npm run up -- --stack prod.",
  ],
  ["check", ["prod"], {}, "prod is one argument too many; expected no argument but flags."],
  [
    "forget",
    ["a", "b"],
    {},
    "b is one argument too many; expected MACHINE; for a stack: npm run forget -- --stack b.",
  ],
  ["forget", [], {}, "MACHINE is missing; expected npm run forget -- MACHINE."],
  [
    "secret",
    ["secrets.fernetKey", "hunter2"],
    {},
    "There is one argument too many; the value is never an argument, but typed in when asked for, or piped in.",
  ],
  ["up", ["--stak", "x"], {}, `--stak is unknown; did you mean --stack? expected ${up}.`],
  ["up", ["-s", "x"], {}, `-s is unknown; expected ${up}.`],
  ["up", ["--yes"], {}, `--yes is unknown; expected ${up}.`],
  ["check", ["--fix"], {}, "--fix is unknown; expected no flag but --help."],
  ["up", ["--stack"], {}, "--stack has no value; expected --stack NAME."],
  ["up", ["--stack="], {}, "--stack has no value; expected --stack NAME."],
  ["up", ["--stack", "--adopt"], {}, "--stack has no value; expected --stack NAME."],
  ["up", ["--stack", "a", "--stack=b"], {}, "--stack is given twice; expected it once."],
  ["down", ["--volumes=true"], {}, "--volumes=true has a value; expected --volumes alone."],
  [
    "down",
    ["--no-volumes"],
    {},
    "--no-volumes is unknown; did you mean --volumes? expected --stack, --volumes, --yes.",
  ],
];

for (const [name, args, env, says] of refusals) {
  test(`the command line ${JSON.stringify([name, ...args, env])} is refused`, () =>
    assert.equal(refusalOf(name, args, env), says));
}

test("valid arguments are accepted", () => {
  const env = { PULUMI_STACK: "dev", npm_config_cache: "x", npm_config_audit: "", npm_config_yes: "true" };
  assert.deepEqual(parse("up", ["--adopt", "--stack", "x"], env), {
    flags: { adopt: true, stack: "x" },
    words: [],
  });
  assert.deepEqual(parse("up", ["--stack=x"], { PULUMI_STACK: "y" }).flags, { stack: "x" });
  assert.deepEqual(parse("import", ["c.yaml", "--env=.e"], env), { flags: { env: ".e" }, words: ["c.yaml"] });
  assert.deepEqual(parse("down", [], env), { flags: {}, words: [] });
});

test("every command refuses a flag that npm took for its own", () => {
  const all = Object.values<Command>(commands).flatMap((command) => Object.keys(command.flags));
  // npm has a setting of the name --yes.
  const flags = new Set(all.filter((flag) => flag !== "yes"));
  for (const name of Object.keys(commands) as CommandName[])
    for (const flag of flags)
      assert.match(
        refusalOf(name, [], { [`npm_config_${flag.replaceAll("-", "_")}`]: "x" }),
        /^npm took --/,
        `${name} ${flag}`,
      );
});

test("the Pulumi CLI gets the configuration of the stack that its arguments name", () => {
  for (const args of [
    ["up", "--stack", "x", "--yes"],
    ["up", "--stack=x", "--yes"],
    ["up", "-s", "x", "--yes"],
  ])
    assert.deepEqual(forwarded(args, {}), { stack: "x", args: ["up", "--yes"] });
  assert.deepEqual(forwarded(["up", "--yes"], {}), { stack: undefined, args: ["up", "--yes"] });
  assert.throws(() => forwarded(["up", "--stack"], {}), {
    message: "--stack has no value; expected --stack NAME.",
  });
  for (const args of [["-sx"], ["-ys", "x"], ["-ysx"]])
    assert.throws(
      () => forwarded(["up", ...args], {}),
      /^Error: -\w+ hides the stack in other letters; expected/,
    );
  assert.throws(() => forwarded(["up", "--stack", "a", "-s", "b"], {}), {
    message: "--stack is given twice; expected it once.",
  });
  assert.throws(() => forwarded(["up"], { npm_config_stack: "x" }), {
    message: "npm took --stack=x for a flag of its own; expected npm run pulumi -- up --stack x.",
  });
});
