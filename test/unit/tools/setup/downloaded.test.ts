import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { project } from "../../../../tools/lib/process.ts";
import { link } from "./programs.ts";

const home = mkdtempSync(join(tmpdir(), "downloaded-"));
after(() => rmSync(home, { recursive: true }));
const files = join(home, "files");
const bin = join(home, "bin");
for (const folder of [files, bin, join(files, "pulumi")]) mkdirSync(folder);

// Serves the files of a folder by the last part of a URL, as `curl -o FILE URL` and `curl -o /dev/null URL` would.
const curl = `#!/bin/bash
while (($# > 1)); do [[ $1 == -o ]] && target=$2; shift; done
[[ $target == /dev/null ]] || cp "${files}/\${1##*/}" "$target"
`;
writeFileSync(join(bin, "curl"), curl, { mode: 0o755 });
writeFileSync(join(files, "pulumi/pulumi"), "#!/bin/sh\n", { mode: 0o755 });
link("awk bash cat cmp cut dirname find flock gzip mkdir mv node rm sha256sum sort tar uname xargs cp", bin);
const version = /^pulumi_version=(\S+)$/m.exec(readFileSync(join(project, "tools/run"), "utf8"))?.[1];
const platform = `${process.platform}-${process.arch}`;
const archive = `pulumi-v${version}-${platform}.tar.gz`;
execFileSync("tar", ["-czf", join(files, archive), "-C", files, "pulumi"]);

/** Sets the project up where no Pulumi is installed, with a checksum of the archive. */
function setUp(sum: string) {
  writeFileSync(
    join(files, `pulumi-${version}-checksums.txt`),
    `${"0".repeat(64)}  other\n${sum}  ${archive}\n`,
  );
  const env = { HOME: home, PATH: bin };
  const { status, stderr } = spawnSync("tools/run", ["--setup"], { cwd: project, env, encoding: "utf8" });
  return { status, stderr };
}

const cache = join(home, ".cache/airflow-on-celery");

test("a Pulumi CLI with another checksum than that of its release is refused, and leaves nothing", () => {
  const { status, stderr } = setUp("1".repeat(64));
  assert.equal(status, 1);
  assert.match(
    stderr,
    new RegExp(`${archive} has the SHA-256 [0-9a-f]{64}; expected 1{64}, of https://github.com/`),
  );
  assert.deepEqual(
    readdirSync(cache).filter((name) => name.startsWith("pulumi")),
    [],
  );
});

test("a Pulumi CLI with the checksum of its release is unpacked", () => {
  const sum = createHash("sha256")
    .update(readFileSync(join(files, archive)))
    .digest("hex");
  assert.deepEqual(setUp(sum), { status: 0, stderr: `setup: Pulumi ${version}\n` });
  const folder = join(cache, `pulumi-${version}-${platform}`);
  assert.deepEqual(readdirSync(folder), [".used", "pulumi"]);
  assert.ok(existsSync(join(folder, "pulumi/pulumi")));
});
