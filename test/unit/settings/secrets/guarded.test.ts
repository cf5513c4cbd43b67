import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { directoryHeldBack, fileHeldBack } from "../../../../settings/schema/files/guarded.ts";
import { project } from "../../../../tools/lib/process.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";

const folder = temporaryFolder("guarded");
mkdirSync(join(folder, "clones/one/.state"), { recursive: true });
mkdirSync(join(folder, "dags/team"), { recursive: true });
writeFileSync(join(folder, "clones/one/.state/passphrase"), "");
symlinkSync(project, join(folder, "link"));

const heldBack: readonly [path: string, why: RegExp][] = [
  ["/", /it holds the project/],
  [project, /it holds the project/],
  [dirname(project), /it holds the project/],
  [join(project, "dags/.."), /it holds the project/],
  [join(folder, "link"), /it holds the project/],
  [homedir(), /it holds (the project|a home directory)/],
  [dirname(homedir()), /it holds (the project|a home directory)/],
  [join(project, "stacks"), /it is in stacks\//],
  [join(folder, "link/node_modules/yaml"), /it is in node_modules\//],
  [join(folder, "clones"), /it contains .*\/clones\/one\/\.state, /],
  [join(folder, "clones/one"), /it contains .*\/clones\/one\/\.state, /],
  [join(folder, "clones/one/.state"), /it is in \.state/],
];

for (const [path, why] of heldBack) {
  test(`the directory ${path.replace(folder, "FOLDER").replace(project, "PROJECT")} is held back`, () => {
    assert.match(directoryHeldBack(path) ?? "", why);
  });
}

test("a directory without the project and a state is accepted, and so is a file outside a state", () => {
  for (const path of [join(project, "dags"), join(folder, "dags"), join(folder, "link/dags")])
    assert.equal(directoryHeldBack(path), undefined);
  assert.match(fileHeldBack(join(folder, "clones/one/.state/passphrase")) ?? "", /it is in \.state/);
  assert.equal(fileHeldBack(join(project, "package.json")), undefined);
});
