import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { forPlatform } from "../../../capabilities.ts";
import { backupPrograms } from "../../../components/backup/folder.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { sizeOf } from "../../lib/backup/report.ts";
import { placeOfBackups, takeBackup } from "../../lib/backup/store.ts";
import { collected, ended, reporting } from "../../lib/process.ts";
import type { Stack } from "../../lib/stack.ts";
import { inCluster } from "./inCluster.ts";
import { onEngine } from "./onEngine.ts";
import type { Stage } from "./stage.ts";

/** Size of the throwaway database, before or after the migration. */
interface DatabaseSize {
  readonly bytes: number;
  readonly rows: number;
}

/** Size of the database before the migration, and its address on the loopback interface. */
type Ready = DatabaseSize & { readonly port: number; readonly database: string };

async function migrate(stage: Stage, settings: Settings, { port, database }: Ready): Promise<void> {
  const code = await stage.run(
    {
      AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: `postgresql+psycopg2://proof@127.0.0.1:${port}/${database}`,
      AIRFLOW__LOGGING__LOGGING_LEVEL: "WARNING",
    },
    ["timeout", String(settings.migrationSeconds), "airflow", "db", "migrate"],
  );
  if (code !== 0)
    throw new Error(`The rehearsal of ${settings.version} failed, see above; nothing was touched.`);
}

/** Restores a backup into a throwaway Postgres, and migrates that; returns a sentence as {@link rehearse} does. */
async function migrated(stage: Stage, settings: Settings, id: string): Promise<string> {
  const { program, args, env } = stage.restorer;
  const child = spawn(program, [...args, "python3", `${backupPrograms}/rehearse.py`, id], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const errors = collected(child.stderr);
  const end = ended(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (!done) return JSON.parse(value);
    throw new Error(
      `Backup ${id} could not be restored for the rehearsal; if the project is newer than the deployment, npm run up first:\n${errors()}`,
    );
  };
  try {
    const ready: Ready = await reporting("restoring the backup into the throwaway Postgres", next());
    const begin = Date.now();
    await reporting("migrating the throwaway database", migrate(stage, settings, ready));
    const seconds = Math.round((Date.now() - begin) / 1000);
    child.stdin.end();
    const after: DatabaseSize = await reporting("measuring the migrated database", next());
    return (
      `migrating ${ready.rows} rows took ${seconds} s; ` +
      `the database had ${sizeOf(ready.bytes)} before and ${sizeOf(after.bytes)} afterwards`
    );
  } finally {
    child.stdin.end();
    await end;
  }
}

/**
 * Tries the migration on a fresh backup, restored into a throwaway Postgres.
 * @param settings settings with the new version
 * @returns a sentence with the duration of the migration, and the size of the database
 * @throws Error if the migration fails
 */
export async function rehearse(stack: Stack, settings: Settings): Promise<string> {
  const place = await placeOfBackups(stack, stack.deployed());
  const { id } = await takeBackup(place);
  const onStage = forPlatform(settings.platform, { docker: onEngine, kubernetes: inCluster });
  return onStage({ stack, settings, place, id }, (stage) => migrated(stage, settings, id));
}
