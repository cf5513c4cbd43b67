import { reasonOf } from "../process.ts";
import type { Kept } from "./record.ts";

/** An upgrade that has touched the stack; a copy in a file survives the command. */
export interface Upgrade {
  readonly from: string;
  readonly to: string;
  /** Step that has begun: `pausing` leaves data and stack file alone, `returning` restores the backup. */
  readonly step: "pausing" | "migrating" | "returning";
  /** Text of the stack file before the upgrade, and after it. */
  readonly before: string;
  readonly after: string;
  /** Backup of the data before the migration, once there is one. */
  readonly backup?: { readonly id: string; readonly at: string };
  /** Failure after which the upgrade rolls back. */
  readonly why?: string;
}

/** Effects of an upgrade. Each may be repeated: the command after a killed one starts the step again. */
export interface Effects {
  readonly kept: Kept;
  readonly report: (line: string) => void;
  /** True if the database is known to have the schema of a version. */
  readonly hasMigrated: (version: string) => Promise<boolean>;
  /** True if the backup is restored into the database, proven or not. */
  readonly hasReturned: () => Promise<boolean>;
  readonly writeStackFile: (text: string) => void;
  /** Removes the schedulers, so that nothing new starts. */
  readonly pause: () => Promise<void>;
  /** Waits for running tasks, within a limit. */
  readonly drain: () => Promise<void>;
  /** Takes a proven backup, and copies it to a file of this machine for a rollback. */
  readonly backUp: () => Promise<NonNullable<Upgrade["backup"]>>;
  /** Stops all workloads that use the schema. */
  readonly stop: () => Promise<void>;
  /** Deploys the stack file, and proves the stack. */
  readonly deploy: () => Promise<void>;
  /** Deploys the stack file with the data of the backup, and proves the stack. */
  readonly putBack: () => Promise<void>;
}

/** Runs a step, and reports its title before and its seconds afterwards. */
async function step<T>({ report }: Effects, title: string, work: () => Promise<T>): Promise<T> {
  const begin = Date.now();
  report(title);
  const result = await work();
  report(`${title}: done in ${Math.round((Date.now() - begin) / 1000)} s`);
  return result;
}

/** Lets the earlier version schedule again; nothing of its data was touched. */
async function scheduleAgain(upgrade: Upgrade, effects: Effects): Promise<void> {
  effects.writeStackFile(upgrade.before);
  await step(effects, `Scheduling goes on with ${upgrade.from}`, effects.deploy);
  await effects.kept.remove();
}

async function pausing(upgrade: Upgrade, effects: Effects): Promise<Upgrade> {
  await effects.kept.write(upgrade);
  try {
    await step(effects, "3 Scheduling pauses: no new task starts", effects.pause);
    await step(effects, "3 Running tasks finish", effects.drain);
    const backup = await step(effects, "3 Backup", effects.backUp);
    return { ...upgrade, step: "migrating", backup };
  } catch (error) {
    effects.report(reasonOf(error));
    await scheduleAgain(upgrade, effects);
    throw new Error(`The upgrade to ${upgrade.to} is cancelled, see above; no data was touched.`);
  }
}

async function migrating(upgrade: Upgrade, effects: Effects): Promise<Upgrade | undefined> {
  const { to, after } = upgrade;
  await effects.kept.write(upgrade);
  try {
    effects.writeStackFile(after);
    await step(effects, "4 All users of the schema stop", effects.stop);
    await step(effects, `4 and 5 Migration to ${to}, start, and a task through every queue`, effects.deploy);
    return undefined;
  } catch (error) {
    effects.report(reasonOf(error));
    return { ...upgrade, step: "returning", why: reasonOf(error) };
  }
}

async function returning(upgrade: Upgrade, effects: Effects): Promise<never> {
  const { from, to, before, backup } = upgrade;
  await effects.kept.write(upgrade);
  effects.writeStackFile(before);
  await step(effects, `6 Back to ${from}, with backup ${backup?.id}`, effects.putBack);
  await effects.kept.remove();
  throw new Error(
    `The upgrade to ${to} failed: ${upgrade.why}\n` +
      `The stack runs ${from} again, with its data of ${backup?.at.slice(0, 16)}; later changes are lost.`,
  );
}

/**
 * Continues an upgrade from its step to its end.
 * @throws Error with the reason when the stack has its earlier version again, or when that failed, too; then the note of
 * the upgrade stays, and the next command tries again
 */
export async function goOn(upgrade: Upgrade, effects: Effects): Promise<void> {
  const ready = upgrade.step === "pausing" ? await pausing(upgrade, effects) : upgrade;
  const failed = ready.step === "migrating" ? await migrating(ready, effects) : ready;
  if (failed) return returning(failed, effects);
  await effects.kept.remove();
}

/**
 * Finishes an upgrade that was cut off; before the migration, cancels it unless `goesOn`.
 * @throws Error as {@link goOn} does
 */
export async function resume(upgrade: Upgrade, effects: Effects, goesOn: boolean): Promise<void> {
  const { from, to } = upgrade;
  if (upgrade.step === "pausing" && !goesOn) {
    effects.report(`An upgrade to ${to} was cut off before any data was touched: it is cancelled.`);
    return scheduleAgain(upgrade, effects);
  }
  const proveAgain = async (cut: string, text: string) => {
    effects.report(`${cut}: it is proven again.`);
    effects.writeStackFile(text);
    await effects.kept.remove();
    return effects.deploy();
  };
  // People may have used the new version since then: their data is not replaced without a question.
  if (upgrade.step === "migrating" && (await effects.hasMigrated(to)))
    return proveAgain(`An upgrade from ${from} to ${to} was cut off after the migration`, upgrade.after);
  if (upgrade.step === "returning" && (await effects.hasReturned())) {
    const cut = `The rollback from ${to} to ${from} was cut off after the data was restored`;
    return proveAgain(cut, upgrade.before);
  }
  const way = upgrade.step === "returning" ? `its rollback to ${from} continues` : "it continues";
  effects.report(`An upgrade from ${from} to ${to} was cut off; ${way}.`);
  return goOn(upgrade, effects);
}
