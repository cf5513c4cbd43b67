import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { settingsOf } from "../../../../settings/read/read.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";

const folder = temporaryFolder("requirements");
const file = join(folder, "requirements.txt");

/** Lists the faults of a requirements.txt, from the number of the line on. */
function faults(text: string): string[] {
  writeFileSync(file, text);
  try {
    settingsOf({ requirements: file }, () => "stack");
  } catch (error) {
    const lines = (error as Error).message.split("\n").slice(1);
    return lines.map((line) => line.replace(/^.*?; line (?=\d)/, ""));
  }
  return [];
}

const secret = `aB3${randomBytes(15).toString("hex")}Xq9`;
const index = "expected packages by name, since the build of the image reads no other file or index";
const login =
  "has a login in its URL, which the image would keep: expected a URL without one, or images.airflow, an image with the package";

const rows: readonly (readonly [line: string, fault: string])[] = [
  [`--index-url https://ada:${secret}@index.test/simple`, `says --index-url: ${index}`],
  [`--index-url=https://${secret}@index.test/simple`, `says --index-url: ${index}`],
  [`--extra-index-url https://__token__:${secret}@index.test/simple`, `says --extra-index-url: ${index}`],
  [`-i https://ada:${secret}/x@index.test/simple`, `says -i: ${index}`],
  [`-i${secret}`, `says …: ${index}`],
  [`--trusted-host=${secret}`, `says --trusted-host: ${index}`],
  [`pandas \\\n  --find-links https://ada:${secret}@index.test`, `says --find-links: ${index}`],
  [`own @ https://ada:${secret}@files.test/own.whl`, login],
  [`own @ https://${secret}@files.test/own.whl`, login],
  [`https://ada:${secret}@files.test/own.whl`, login],
  [`own @ git+https://oauth2:${secret}@git.test/own.git@main`, login],
  [
    `own @ ftp://ada:${secret}@files.test/own.whl`,
    "says own @ ftp://…@files.test/own.whl: expected packages by name: NAME, NAME==1.2.3 or NAME @ https://…, since the build of the image reads no other file",
  ],
  [
    `${secret} ${secret}`,
    "says …, which is not a requirement: expected packages by name: NAME, NAME==1.2.3 or NAME @ https://…",
  ],
  [
    `password=${secret}`,
    "says password=…, which is not a requirement: expected packages by name: NAME, NAME==1.2.3 or NAME @ https://…",
  ],
];

for (const [line, fault] of rows)
  test(`the fault of a line shows no secret: ${line.replaceAll(secret, "SECRET").split("\n")[0]}`, () => {
    const lines = faults(`cowsay==6.1\n${line}\n`);
    assert.ok(!lines.join().includes(secret.slice(4, 12)), lines.join());
    assert.deepEqual(lines, [`2 ${fault}`]);
  });

test("the fault of two versions that contradict each other shows no secret", () => {
  const lines = faults(`own==1.0+${secret}\nown==2.0+${secret}\n`);
  assert.ok(!lines.join().includes(secret.slice(4, 12)), lines.join());
  assert.equal(lines.length, 1);
});

test("addresses without a login are accepted", () => {
  const lines = [
    "own @ https://files.test/own@1.whl",
    "own @ git+https://git.test/own.git@v1",
    "own @ git+ssh://git@git.test/own.git",
  ];
  for (const line of lines) assert.deepEqual(faults(`${line}\n`), [], line);
});
