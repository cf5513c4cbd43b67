import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import fc from "fast-check";
import { masking } from "../../../tools/lib/commandLine/terminal.ts";
import { collected, ended, project, run } from "../../../tools/lib/process.ts";

const secret = randomBytes(18).toString("hex");
const library = join(project, "tools/lib/process.ts");
const refused = join(project, "settings/read/yaml/refused.ts");

/** Lines in which programs show a secret. */
const lines = [
  `fatal: could not read from https://ada:${secret}@git.example.com/x.git`,
  `Looking in indexes: https://${secret}@pypi.example.com/simple`,
  `AIRFLOW_PASSWORD=${secret}`,
  `{"access_token": "${secret}"}`,
  `Authorization: Bearer ${secret}`,
  `glpat-${secret}`,
  `https://hooks.slack.com/services/T0/${secret}`,
];

/** Returns the text that is shown of a stream with these chunks. */
function shownOf(chunks: readonly string[]): string {
  let shown = "";
  const { hear, end } = masking((text) => {
    shown += text;
  });
  for (const chunk of chunks) hear(chunk);
  end();
  return shown;
}

/** Splits a text at places from 0 to 1. */
function splitAt(text: string, places: readonly number[]): string[] {
  const at = [0, ...places.map((place) => Math.floor(place * text.length)), text.length].sort(
    (a, b) => a - b,
  );
  return at.slice(1).map((end, index) => text.slice(at[index], end));
}

test("a stream shows all text except secrets, wherever its chunks end", () => {
  const text = `Begin\r\n${lines.join("\n")}\n\nEnd`;
  const whole = shownOf([text]);
  assert.match(whole, /^Begin\r\n/);
  assert.match(whole, /\n\nEnd$/);
  assert.ok(!whole.includes(secret));
  assert.equal(whole.match(/…/g)?.length, lines.length);
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }), (places) => {
      assert.equal(shownOf(splitAt(text, places)), whole);
    }),
    { numRuns: 500 },
  );
});

test("a private key is not shown, line by line or at once", () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  assert.equal(shownOf([`key: ${pem}`, "done\n"]), "key: …\ndone\n");
  assert.equal(shownOf([`key: ${pem.replaceAll("\n", "\\n")}\n`]).includes(pem.split("\n")[1] ?? ""), false);
});

/** Runs a program that imports the library of commands, and returns all that it prints. */
async function printed(program: string): Promise<string> {
  const args = ["--input-type=module", "--eval", program];
  const { stdout, stderr } = await promisify(execFile)("node", args, {
    env: { ...process.env, SECRET: secret },
  }).catch((ended: { stdout: string; stderr: string }) => ended);
  return stdout + stderr;
}

/** Shell that prints a secret in two chunks to each stream. */
const shell = `printf 'PASSWORD=%.10s' "$SECRET"; sleep 0.2; printf '%s\\n' "$(printf %s "$SECRET" | cut -c11-)"`;
const script = JSON.stringify(`${shell}; { ${shell}; } >&2; exit 3`);

for (const [way, call] of [
  ["run", `run("sh", ["-c", ${script}], { show: true })`],
  ["attach", `attach("sh", ["-c", ${script}], {})`],
] as const) {
  test(`${way} masks both streams of a command`, async () => {
    const text = await printed(`import { ${way} } from "${library}"; await ${call}.catch(() => {});`);
    assert.equal(text, "PASSWORD=…\nPASSWORD=…\n");
  });
}

test("a command with the terminal itself, and a command whose output is returned, are not masked", async () => {
  const own = `import { run } from "${library}";`;
  const plain = JSON.stringify('printf "PASSWORD=%s" "$SECRET"');
  const given = `PASSWORD=${secret}`;
  assert.equal(await printed(`${own} await run("sh", ["-c", ${plain}], { show: "terminal" })`), given);
  assert.equal(await printed(`${own} process.stdout.write(await run("sh", ["-c", ${plain}]))`), given);
});

test("an error that ends a command is masked, and a refusal, which has examples, is not", async () => {
  const failing = `import { main } from "${library}"; import { Refused } from "${refused}";`;
  const throwing = (error: string) => printed(`${failing} await main(async () => { throw ${error}; })`);
  const url = "'https://ada:' + process.env.SECRET + '@git.example.com'";
  assert.equal(await throwing(`new Error(${url})`), "https://…@git.example.com\n");
  assert.equal(await throwing(url), "https://…@git.example.com\n");
  const example = "expected redis://USER:PASSWORD@HOST";
  assert.match(await throwing(`new Refused(["${example}"])`), new RegExp(example));
});

test("only one file prints, and only one passes the terminal on", () => {
  const files = globSync("{tools,importer,platforms,components,settings,package}/**/*.ts", { cwd: project });
  const printing = files.filter((file) =>
    /\bconsole\.\w+|process\.std(out|err)\.write/.test(readFileSync(join(project, file), "utf8")),
  );
  assert.deepEqual(printing, ["tools/lib/commandLine/terminal.ts"]);
  const given = files.filter((file) => readFileSync(join(project, file), "utf8").includes('"inherit"'));
  assert.deepEqual(given, ["tools/lib/process.ts"]);
});

test("a character in two chunks of a command's output stays whole", async () => {
  const split = "printf 'sch\\303'; sleep 0.2; printf '\\266n'";
  let heard = "";
  const hear = (chunk: string) => {
    heard += chunk;
  };
  assert.equal(await run("sh", ["-c", split], { hear }), "schön");
  assert.equal(heard, "schön");
  await assert.rejects(run("sh", ["-c", `(${split}) >&2; exit 1`], { hear }), /:\nschön$/);
  assert.equal(heard, "schönschön");
  const child = spawn("sh", ["-c", split], { stdio: ["ignore", "pipe", "ignore"] });
  const text = collected(child.stdout);
  await ended(child);
  assert.equal(text(), "schön");
});
