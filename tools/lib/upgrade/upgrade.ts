import type { Kept } from "./record.ts";

/** An upgrade that has touched something; what is kept of it survives the command. */
export interface Upgrade {
  readonly from: string;
  readonly to: string;
  /** Step that has begun: `pausing` leaves data and stack file alone, `returning` puts the backup back. */
  readonly step: "pausing" | "migrating" | "returning";
  /** Text of the stack file before the upgrade, and after it. */
  readonly before: string;
  readonly after: string;
  /** Backup of what is migrated, once there is one. */
  readonly backup?: { readonly id: string; readonly at: string };
  /** Failure that made the upgrade return. */
  readonly why?: string;
}

/** Effects of an upgrade. Each may be repeated: a killed command begins its step again. */
export interface Effects {
  readonly kept: Kept;
  readonly tell: (line: string) => void;
  /** True if the database is known to have the schema of a version. */
  readonly hasMigrated: (version: string) => boolean;
  /** True if the backup is back in the database, proven or not. */
  readonly hasReturned: () => Promise<boolean>;
  readonly writeStackFile: (text: string) => void;
  /** Removes the schedulers, so that nothing new starts. */
  readonly pause: () => Promise<void>;
  /** Waits for running tasks, within a limit. */
  readonly drain: () => Promise<void>;
  /** Takes a proven backup, and copies it to where a way back finds it. */
  readonly backUp: () => Promise<NonNullable<Upgrade["backup"]>>;
  /** Stops all that uses the schema. */
  readonly stop: () => Promise<void>;
  /** Deploys what the stack file says, and proves it. */
  readonly deploy: () => Promise<void>;
  /** Deploys what the stack file says around the backup, and proves it. */
  readonly putBack: () => Promise<void>;
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Runs a step, and tells its title before and its seconds after. */
async function step<T>({ tell }: Effects, title: string, work: () => Promise<T>): Promise<T> {
  const begin = Date.now();
  tell(title);
  const result = await work();
  tell(`${title}: done in ${Math.round((Date.now() - begin) / 1000)} s`);
  return result;
}

/** Lets the earlier version schedule again; nothing of its data was touched. */
export async function scheduleAgain(upgrade: Upgrade, effects: Effects): Promise<void> {
  effects.writeStackFile(upgrade.before);
  await step(effects, `Scheduling goes on with ${upgrade.from}`, effects.deploy);
  effects.kept.remove();
}

async function pausing(upgrade: Upgrade, effects: Effects): Promise<Upgrade> {
  effects.kept.write(upgrade);
  try {
    await step(effects, "3 Scheduling pauses: nothing new starts", effects.pause);
    await step(effects, "3 Running tasks end", effects.drain);
    const backup = await step(effects, "3 Backup", effects.backUp);
    return { ...upgrade, step: "migrating", backup };
  } catch (error) {
    effects.tell(reasonOf(error));
    await scheduleAgain(upgrade, effects);
    throw new Error(`The upgrade to ${upgrade.to} is called off, see above; no data was touched.`);
  }
}

async function migrating(upgrade: Upgrade, effects: Effects): Promise<Upgrade | undefined> {
  const { to, after } = upgrade;
  effects.kept.write(upgrade);
  try {
    effects.writeStackFile(after);
    await step(effects, "4 All that uses the schema stops", effects.stop);
    await step(effects, `4 and 5 Migration to ${to}, start, and a task through every queue`, effects.deploy);
    return undefined;
  } catch (error) {
    effects.tell(reasonOf(error));
    return { ...upgrade, step: "returning", why: reasonOf(error) };
  }
}

async function returning(upgrade: Upgrade, effects: Effects): Promise<never> {
  const { from, to, before, backup } = upgrade;
  effects.kept.write(upgrade);
  effects.writeStackFile(before);
  await step(effects, `6 Back to ${from}, with backup ${backup?.id}`, effects.putBack);
  effects.kept.remove();
  throw new Error(
    `The upgrade to ${to} failed: ${upgrade.why}\n` +
      `The stack runs ${from} again, with its data of ${backup?.at.slice(0, 16)}; what happened since then is gone.`,
  );
}

/**
 * Takes an upgrade from its step to its end.
 * @throws Error when the stack is on its earlier version again, saying why; or when even that failed: then what is kept
 * of the upgrade stays, and the next command tries again
 */
export async function goOn(upgrade: Upgrade, effects: Effects): Promise<void> {
  const ready = upgrade.step === "pausing" ? await pausing(upgrade, effects) : upgrade;
  const failed = ready.step === "migrating" ? await migrating(ready, effects) : ready;
  if (failed) return returning(failed, effects);
  effects.kept.remove();
}

/**
 * Ends an upgrade that was cut off: before the migration it is called off, unless the command is to go on with it.
 * @throws Error as {@link goOn} does
 */
export async function resume(upgrade: Upgrade, effects: Effects, goesOn: boolean): Promise<void> {
  const { from, to } = upgrade;
  if (upgrade.step === "pausing" && !goesOn) {
    effects.tell(`An upgrade to ${to} was cut off before any data was touched: it is called off.`);
    return scheduleAgain(upgrade, effects);
  }
  if (upgrade.step === "migrating" && effects.hasMigrated(to)) {
    // People may have used the new version since: their data is not replaced without being asked.
    effects.tell(`An upgrade from ${from} to ${to} was cut off after the migration: it is proven once more.`);
    effects.writeStackFile(upgrade.after);
    effects.kept.remove();
    return effects.deploy();
  }
  if (upgrade.step === "returning" && (await effects.hasReturned())) {
    effects.tell(
      `The way back from ${to} to ${from} was cut off with the data back: it is proven once more.`,
    );
    effects.writeStackFile(upgrade.before);
    effects.kept.remove();
    return effects.deploy();
  }
  const way =
    upgrade.step === "returning" ? `on its way back to ${from}: it goes on going back` : "it goes on";
  effects.tell(`An upgrade from ${from} to ${to} was cut off; ${way}.`);
  return goOn(upgrade, effects);
}
