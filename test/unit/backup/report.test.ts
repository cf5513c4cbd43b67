import assert from "node:assert/strict";
import { test } from "node:test";
import { backupOutput } from "../../../package/deploy.ts";
import { backupTable, backupTroubles, lastBackup } from "../../../tools/lib/backup/report.ts";
import type { Backups } from "../../../tools/lib/backup/store.ts";

const now = new Date("2026-03-01T12:00:00Z");
const schedule = { every: 3600, keep: 14, to: "volume", continuous: false };
const backup = (id: string, at: string) => ({
  id,
  at,
  bytes: 205_048,
  sha256: "00",
  version: "3.3.2",
  rows: 510,
  seconds: 2,
  proof: 5.5,
});
const known = {
  backups: [backup("b", "2026-03-01T11:00:00+00:00"), backup("a", "2026-03-01T10:00:00+00:00")],
  failure: null,
};
const failed = { ...known, failure: { at: "2026-03-01T11:30:00+00:00", fault: "the disk is full" } };

test("the table of backups shows the age, size and proof of each", () => {
  assert.deepEqual(backupTable(known, now).split("\n"), [
    "id  age      size    airflow  proven",
    "b   1 h ago  206 kB  3.3.2    in 5.5 s, 510 rows",
    "a   2 h ago  206 kB  3.3.2    in 5.5 s, 510 rows",
  ]);
  assert.equal(backupTable({ backups: [], failure: null }, now), "There is no backup yet.");
  assert.match(
    backupTable(failed, now),
    /\nThe last attempt, at 2026-03-01T11:30, FAILED: the disk is full$/,
  );
});

test("with a bucket the table shows where each backup is, and backups that have another key", () => {
  const [b, a] = known.backups.map((one) => ({ ...one, copied: "s3://team/prod" }));
  const inBoth = {
    backups: [
      { ...b, places: ["volume", "bucket"] },
      { ...a, places: ["bucket"] },
    ],
    others: [backup("c", "2026-03-01T09:00:00+00:00")],
    failure: null,
  } as unknown as Backups;
  assert.deepEqual(backupTable(inBoth, now).split("\n"), [
    "id  age      size    airflow  proven              where",
    "b   1 h ago  206 kB  3.3.2    in 5.5 s, 510 rows  volume, bucket",
    "a   2 h ago  206 kB  3.3.2    in 5.5 s, 510 rows  bucket",
    "c   3 h ago  206 kB  3.3.2    in 5.5 s, 510 rows  bucket, with another key",
  ]);
  assert.match(
    backupTable({ ...known, unlisted: "no answer" }, now),
    /\nBackups in the bucket are unknown: no answer$/,
  );
  assert.match(lastBackup(inBoth, now) ?? "", /proven in 5.5 s, copied to s3:\/\/team\/prod$/);
  assert.equal(backupTable({ backups: [], others: [], failure: null }, now), "There is no backup yet.");
});

test("an output names the commands with age and result, which a deployment cannot know", () => {
  const commands =
    "npm run status -- --stack prod shows age and result of the last proven backup, npm run backup -- --list --stack prod all";
  assert.deepEqual(backupOutput({ backup: schedule, monitoring: undefined }, "prod"), { backups: commands });
  assert.deepEqual(backupOutput({ backup: schedule, monitoring: { retention: "30d", scrape: [] } }, "prod"), {
    backups: `${commands}; the series airflow_backup_time_seconds has its time`,
  });
  assert.deepEqual(backupOutput({ backup: undefined, monitoring: undefined }, "prod"), {});
});

test("the status shows the last backup, and reports a failed, late or silent backup", () => {
  assert.equal(lastBackup(known, now), "Last backup: b, 1 h ago, 206 kB, proven in 5.5 s");
  assert.equal(lastBackup(undefined, now), undefined);
  assert.deepEqual(backupTroubles(known, schedule, now), []);
  const none = (since: string) =>
    backupTroubles({ backups: [], failure: null }, schedule, now, new Date(since));
  assert.deepEqual(backupTroubles({ backups: [], failure: null }, schedule, now), []);
  assert.deepEqual(none("2026-03-01T10:00:00Z"), []);
  assert.deepEqual(none("2026-03-01T09:00:00Z"), [
    "there is no backup yet, although their container was started 3 h ago",
  ]);
  assert.deepEqual(backupTroubles(undefined, schedule, now), [
    "backups are unknown: their container does not answer",
  ]);
  assert.deepEqual(backupTroubles(failed, schedule, now), ["the last backup failed"]);
  const late = new Date("2026-03-01T13:00:01Z");
  assert.deepEqual(backupTroubles(known, schedule, late), ["the last backup is from 2 h ago"]);
});

test("the log of the database shows the moments that can be restored, and is a trouble once it is not kept", () => {
  const keeping = { ...schedule, continuous: true };
  const moments = { from: "2026-03-01T08:00:00.123+00:00", to: "2026-03-01T11:59:40.5+00:00" };
  assert.match(
    backupTable({ ...known, moments }, now),
    /\nAny moment from 2026-03-01T08:00:00Z to 2026-03-01T11:59:40Z can be restored as well\.$/,
  );
  const earlier = [{ from: "2026-02-01T08:00:00+00:00", to: "2026-02-28T10:00:00+00:00" }];
  const lost = /\nAny moment from 2026-02-01T08:00:00Z to 2026-02-28T10:00:00Z can be restored as well\.$/;
  for (const some of [moments, null]) {
    assert.match(backupTable({ ...known, moments: some, earlier }, now), lost);
    const lines = backupTable({ ...known, moments: some, earlier }, now).split("\n");
    assert.equal(lines.filter((line) => line.startsWith("Any moment")).length, some ? 2 : 1);
  }
  assert.deepEqual(backupTroubles({ ...known, moments }, keeping, now), []);
  assert.deepEqual(backupTroubles({ ...known, moments: null }, keeping, now), [
    "the log of the database is not kept yet",
  ]);
  const silent = { ...known, moments: { ...moments, to: "2026-03-01T11:54:00+00:00" } };
  assert.deepEqual(backupTroubles(silent, keeping, now), ["the log of the database was last kept 6 min ago"]);
  const mirrored = (copied: string | null) => ({ ...known, moments: { ...moments, copied } });
  assert.deepEqual(backupTroubles(mirrored("2026-03-01T11:59:00+00:00"), keeping, now), []);
  assert.deepEqual(backupTroubles(mirrored(null), keeping, now), [
    "the bucket has no log of the database yet",
  ]);
  assert.deepEqual(backupTroubles(mirrored("2026-03-01T11:50:00+00:00"), keeping, now), [
    "the bucket last had the log of the database 10 min ago",
  ]);
});
