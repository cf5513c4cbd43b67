import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fetched } from "../../../tools/lib/backup/fetched.ts";
import { backUpFirst, forgetBegin, hasBegun, noteBegin } from "../../../tools/lib/backup/present.ts";
import { sharedPlaceFault } from "../../../tools/lib/backup/shared.ts";
import { saveBackup, takeBackup, takeOver } from "../../../tools/lib/backup/store.ts";
import type { Place } from "../../../tools/lib/reach/place.ts";
import { settingsFor } from "../settingsFrom.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const archive = "archive of the backup";
const sha256 = createHash("sha256").update(archive).digest("hex");

/**
 * Stand-in for the container of the backups.
 * @param answers shell commands by the command of the program
 */
function container(answers: Readonly<Record<string, string>>) {
  const folder = temporaryFolder("copying");
  const file = join(folder, "exec");
  const cases = Object.entries(answers).map(([command, answer]) => `${command}) ${answer} ;;`);
  writeFileSync(file, `#!/bin/sh\ncd ${folder}\ncase $3 in\n${cases.join("\n")}\nesac\n`, { mode: 0o755 });
  const place = {
    name: "backup",
    machine: undefined,
    program: "sh",
    args: [file],
    env: {},
  } as unknown as Place;
  return { file: join(folder, "B1.tar.age"), place };
}

const listing = (ids: readonly string[], more: object = {}) =>
  `echo '${JSON.stringify({ backups: ids.map((id) => ({ id, bytes: archive.length, sha256 })), failure: null, ...more })}'`;

test("a copy of a backup is kept once it has all bytes of the backup", async () => {
  const { place: of, file } = container({ list: listing(["B1"]), send: `printf '${archive}'` });
  await saveBackup(of, "B1", file);
  assert.equal(readFileSync(file, "utf8"), archive);
});

test("a backup that is not sent is told with the program's reason, and leaves no file", async () => {
  for (const [says, fault] of [
    ["echo Backup failed: no answer", /^Error: no answer$/],
    ["echo Traceback", /^Error: Backup B1 could not be copied: Traceback$/],
  ] as const) {
    const { place: of, file } = container({ list: listing(["B1"]), send: `${says} >&2; exit 1` });
    await assert.rejects(saveBackup(of, "B1", file), fault);
    assert.ok(!existsSync(file) && !existsSync(`${file}.part`));
  }
});

test("a copy that was cut off without an error is refused, and leaves nothing", async () => {
  const { place: of, file } = container({ list: listing(["B1"]), send: `printf '${archive.slice(0, 9)}'` });
  await assert.rejects(saveBackup(of, "B1", file), /copy of backup B1 has 9 bytes; expected the 21 that/);
  assert.ok(!existsSync(file) && !existsSync(`${file}.part`));
});

test("a backup of the bucket alone, even with another key, is copied; one that is nowhere is refused", async () => {
  const others = JSON.parse(listing(["B1"]).slice(6, -1)).backups;
  const { place: of, file } = container({
    list: listing([]),
    all: listing([], { others, unlisted: "no answer" }),
    send: `printf '${archive}'`,
  });
  await saveBackup(of, "B1", file);
  assert.equal(readFileSync(file, "utf8"), archive);
  await assert.rejects(
    saveBackup(of, "B2", file),
    /There is no backup B2; .* bucket are unknown: no answer$/,
  );
});

test("the backup that was taken is the new one, even if a clock that was ahead dated another one later", async () => {
  const { place: of } = container({
    list: `if test -e taken; then ${listing(["B9", "B2", "B1"])}; else ${listing(["B9", "B1"])}; fi`,
    now: "touch taken",
  });
  assert.equal((await takeBackup(of)).id, "B2");
});

test("copies are taken over by the program beside them, or the command fails", async () => {
  await takeOver(container({ "take-over": "exit 0" }).place);
  await assert.rejects(
    takeOver(container({ "take-over": "exit 1" }).place),
    /^Error: The copies were not taken/,
  );
});

test("a restore that failed finds its copy again, of a backup and of a moment, without the container that had it", async () => {
  const folder = temporaryFolder("fetched");
  const target = { beside: (what: string, ending: string) => join(folder, `${what}.unit.${ending}`) };
  const gone = () => assert.fail("the container is gone");
  const { place: of } = container({
    list: listing(["B1"]),
    send: `printf '${archive}'`,
  });
  const copy = { file: join(folder, "restore-B1.unit.tar.age"), isCopy: true };
  const from = { from: "B1" };
  assert.deepEqual(await fetched(target, from, async () => of), { ...copy, isNew: true });
  assert.deepEqual(await fetched(target, from, gone), { ...copy, isNew: false });
  const file = join(folder, "restore-20260301T120000Z.unit.tar.age");
  writeFileSync(file, archive);
  const at = { at: "2026-03-01T13:00:00+01:00" };
  assert.deepEqual(await fetched(target, at, gone), { file, isCopy: true, isNew: false });
  await assert.rejects(fetched(target, { ...at, ...from }, gone), /expected either --from/);
});

test("only a restore that has begun before, of the same backup, goes on where the present data cannot be backed up", async () => {
  const folder = temporaryFolder("begun");
  const target = { beside: (what: string, ending: string) => join(folder, `${what}.unit.${ending}`) };
  const fails = () => Promise.reject(new Error("Stack unit has no running backup"));
  assert.equal(hasBegun(target, "B1"), false);
  await assert.rejects(
    backUpFirst(fails, false),
    /no running backup\nThe present data could not be backed up/,
  );
  noteBegin(target, "B1");
  assert.deepEqual([hasBegun(target, "B1"), hasBegun(target, "B2")], [true, false]);
  await backUpFirst(fails, true);
  let taken = 0;
  await backUpFirst(async () => taken++, true);
  assert.equal(taken, 1);
  forgetBegin(target);
  assert.equal(hasBegun(target, "B1"), false);
});

test("a stack that gets the secrets of another one needs a place of its own for its backups", () => {
  const placed = (to?: string, docker?: string) =>
    settingsFor({
      ...(to && { backup: { to, ...(to.startsWith("s3:") && { region: "eu-1" }) } }),
      ...(docker && {
        machines: [
          { name: "a", docker, address: "10.0.0.1", roles: ["postgres"] },
          { name: "b", docker: "ssh://b", address: "10.0.0.2", workers: 1 },
        ],
      }),
    });
  const fault = (one: Parameters<typeof placed>, other: Parameters<typeof placed>) =>
    sharedPlaceFault(placed(...one), placed(...other), "prod");
  assert.match(fault(["/srv/b"], ["/srv/b"]) ?? "", /^backup.to is \/srv\/b, where stack prod keeps/);
  assert.match(fault(["/srv/b", "ssh://a"], ["/srv/b", "ssh://a"]) ?? "", /where stack prod keeps/);
  assert.match(fault(["s3://team/a", "ssh://a"], ["s3://team/a", "ssh://c"]) ?? "", /where stack prod/);
  for (const [one, other] of [
    ["s3://team/a", "s3://team/a/"],
    ["s3://team/", "s3://team"],
    ["/srv/b", "/srv//b/"],
    ["/srv/./b/c/..", "/srv/b"],
  ] as const) {
    assert.match(fault([one], [other]) ?? "", /where stack prod keeps/);
    assert.match(fault([other], [one]) ?? "", /where stack prod keeps/);
  }
  for (const [one, other] of [
    [["/srv/b"], ["/srv/c"]],
    [["/volume"], ["volume"]],
    [["s3://team/a"], ["s3://team/a/b"]],
    [
      ["/srv/b", "ssh://a"],
      ["/srv/b", "ssh://c"],
    ],
    [["volume"], ["volume"]],
    [[], []],
    [["/srv/b"], []],
  ] as const)
    assert.equal(fault([...one], [...other]), undefined);
});
