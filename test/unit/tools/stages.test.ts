import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { withoutStages } from "../../../tools/lib/stages.ts";
import { withPrograms } from "../standIns.ts";

const { TMPDIR } = process.env;
const folder = mkdtempSync(join(tmpdir(), "airflow-stages-"));
process.env.TMPDIR = folder;
after(() => {
  process.env.TMPDIR = TMPDIR ?? "/tmp";
  rmSync(folder, { recursive: true });
});

/** Client of an engine that notes a removal of stages, and may refuse it. */
const docker = (refusal = "") =>
  `#!/bin/sh\n[ "$2" != prune ] || touch ${folder}/pruned\n${refusal && `echo '${refusal}' >&2; exit 1`}\n`;

function pruned(): boolean {
  const was = existsSync(join(folder, "pruned"));
  rmSync(join(folder, "pruned"), { force: true });
  return was;
}

test("the last of several builds removes the stages, which the others may need", () =>
  withPrograms({ docker: docker() }, async () => {
    await withoutStages(async () => {
      await withoutStages(async () => {});
      assert.equal(pruned(), false);
      await assert.rejects(
        withoutStages(() => Promise.reject(new Error("no space left"))),
        /no space left/,
      );
    });
    assert.equal(pruned(), true);
  }));

test("another process holds the stages while it builds; one that got the number of an interrupted build does not", () =>
  withPrograms({ docker: docker() }, async () => {
    const marks = readdirSync(folder).find((name) => name.startsWith("airflow-on-celery-builds-")) ?? "";
    const mark = (name: string) => join(folder, marks, name);
    writeFileSync(mark(`${process.ppid} 0 another-boot 1`), "");
    await withoutStages(async () => {});
    assert.equal(pruned(), true);
    writeFileSync(mark(`${process.ppid} 0`), "");
    await withoutStages(async () => {});
    assert.equal(pruned(), false);
    rmSync(mark(`${process.ppid} 0`));
  }));

test("an engine that removes stages for somebody else is no fault, as any other refusal is", async () => {
  const daemon = "Error response from daemon: ";
  await withPrograms({ docker: docker(`${daemon}a prune operation is already running`) }, () =>
    withoutStages(async () => {}),
  );
  await withPrograms({ docker: docker(`${daemon}no such filter`) }, () =>
    assert.rejects(
      withoutStages(async () => {}),
      /no such filter/,
    ),
  );
});
