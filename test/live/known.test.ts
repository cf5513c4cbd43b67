import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { builtVersions } from "../../images/local.ts";
import { knownFile } from "../../settings/known.ts";
import { releaseOf } from "../../settings/versions.ts";
import { printedBy } from "../../tools/airflowSettings.ts";
import { ensureImages } from "../../tools/images.ts";

for (const version of builtVersions()) {
  test(`the settings that are known of ${version} are those of its image: npm run settings writes them`, async () => {
    await ensureImages(["airflow"], version);
    const release = releaseOf(version);
    assert.ok(release);
    assert.equal(readFileSync(knownFile(release), "utf8"), await printedBy(version));
  });
}
