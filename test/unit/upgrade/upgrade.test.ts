import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type Effects, goOn, resume, type Upgrade } from "../../../tools/lib/upgrade/upgrade.ts";

const start: Upgrade = {
  from: "2.11.2",
  to: "3.3.2",
  step: "pausing",
  before: "earlier file",
  after: "later file",
};

class Killed extends Error {}

/** State that outlives a command: the note, the stack file, and the version in the state. */
interface World {
  note: Upgrade | undefined;
  file: string;
  version: string;
}

/** Worlds whose database has been restored from the backup. */
const back = new WeakSet<World>();

/**
 * Effects that only note that they happened.
 * @param ends the effect that fails, or with which the command is killed; the database is migrated by then, if `late`
 */
function effectsOf(world: World, ends?: { at: string; killed?: true; late?: true }) {
  const done: string[] = [];
  let isKilled = false;
  const alive = () => {
    if (isKilled) throw new Killed();
  };
  const effect = (name: string, work = () => {}) => {
    alive();
    done.push(name);
    if (ends?.at === name && !ends.late) {
      isKilled = ends.killed === true;
      throw isKilled ? new Killed() : new Error(`${name} broke`);
    }
    work();
    if (ends?.at === name) {
      isKilled = true;
      throw new Killed();
    }
  };
  const effects: Effects = {
    kept: {
      write: async (upgrade) => {
        alive();
        world.note = upgrade;
      },
      remove: async () => {
        alive();
        world.note = undefined;
      },
    },
    report: () => {},
    hasMigrated: async (version) => world.version === version,
    hasReturned: async () => back.has(world),
    writeStackFile: (text) => {
      alive();
      world.file = text;
    },
    pause: async () => effect("pause"),
    drain: async () => effect("drain"),
    backUp: async () => {
      effect("backUp");
      return { id: "B1", at: "2026-01-01T00:00" };
    },
    stop: async () => effect("stop"),
    deploy: async () => {
      const version = world.file === "later file" ? "3.3.2" : "2.11.2";
      effect(`deploy ${version}`, () => {
        world.version = version;
      });
    },
    putBack: async () => {
      assert.equal(world.note?.backup?.id, "B1");
      effect(`putBack, ${world.file}`, () => {
        back.add(world);
        world.version = "2.11.2";
      });
    },
  };
  return { effects, done };
}

function newWorld(): World {
  return { note: undefined, file: "later file", version: "2.11.2" };
}

const steps = ["pause", "drain", "backUp", "stop", "deploy 3.3.2"];
const upgraded: World = { note: undefined, file: "later file", version: "3.3.2" };
const returned: World = { note: undefined, file: "earlier file", version: "2.11.2" };

test("an upgrade takes its steps in order, and leaves no note", async () => {
  const world = newWorld();
  const { effects, done } = effectsOf(world);
  await goOn(start, effects);
  assert.deepEqual(done, steps);
  assert.deepEqual(world, upgraded);
});

suite("a step that fails", () => {
  for (const at of ["pause", "drain", "backUp"]) {
    test(`${at}: no data is touched, and the earlier version schedules again`, async () => {
      const world = newWorld();
      const { effects, done } = effectsOf(world, { at });
      await assert.rejects(
        goOn(start, effects),
        /The upgrade to 3\.3\.2 is cancelled, .* no data was touched/,
      );
      assert.deepEqual(done, [...steps.slice(0, steps.indexOf(at) + 1), "deploy 2.11.2"]);
      assert.deepEqual(world, returned);
    });
  }
  for (const at of ["stop", "deploy 3.3.2"]) {
    test(`${at}: the backup and the earlier version come back, and the error says so`, async () => {
      const world = newWorld();
      const { effects, done } = effectsOf(world, { at });
      await assert.rejects(goOn(start, effects), (error: Error) => {
        assert.match(error.message, new RegExp(`The upgrade to 3\\.3\\.2 failed: ${at} broke`));
        assert.match(error.message, /runs 2\.11\.2 again, with its data of 2026-01-01T00:00/);
        return true;
      });
      assert.deepEqual(done, [...steps.slice(0, steps.indexOf(at) + 1), "putBack, earlier file"]);
      assert.deepEqual(world, returned);
    });
  }
});

test("a way back that fails is tried again by the next command, be it an upgrade or npm run up", async () => {
  for (const goesOn of [true, false]) {
    const world = newWorld();
    const { effects } = effectsOf(world, { at: "deploy 3.3.2" });
    const broken: Effects = { ...effects, putBack: () => Promise.reject(new Error("engine away")) };
    await assert.rejects(goOn(start, broken), /engine away/);
    assert.equal(world.note?.step, "returning");
    const next = effectsOf(world);
    await assert.rejects(resume(world.note as Upgrade, next.effects, goesOn), /failed: deploy 3\.3\.2 broke/);
    assert.deepEqual(next.done, ["putBack, earlier file"]);
    assert.deepEqual(world, returned);
  }
});

async function killedAt(at: string, late?: true): Promise<World> {
  const world = newWorld();
  const { effects } = effectsOf(world, { at, killed: true, ...(late && { late }) });
  await assert.rejects(goOn(start, effects), Killed);
  return world;
}

suite("a command that is killed", () => {
  for (const at of ["pause", "drain", "backUp"]) {
    test(`during ${at}: an upgrade begins that part again, and npm run up cancels it`, async () => {
      const world = await killedAt(at);
      const goes = effectsOf(world);
      await resume(world.note as Upgrade, goes.effects, true);
      assert.deepEqual(goes.done, steps);
      assert.deepEqual(world, upgraded);
      const other = await killedAt(at);
      const off = effectsOf(other);
      await resume(other.note as Upgrade, off.effects, false);
      assert.deepEqual(off.done, ["deploy 2.11.2"]);
      assert.deepEqual(other, returned);
    });
  }
  for (const at of ["stop", "deploy 3.3.2"]) {
    test(`during ${at}: either command goes on`, async () => {
      for (const goesOn of [true, false]) {
        const world = await killedAt(at);
        const { effects, done } = effectsOf(world);
        await resume(world.note as Upgrade, effects, goesOn);
        assert.deepEqual(done, ["stop", "deploy 3.3.2"]);
        assert.deepEqual(world, upgraded);
      }
    });
    test(`during ${at}: the next command goes back if going on fails`, async () => {
      const world = await killedAt(at);
      const { effects, done } = effectsOf(world, { at: "deploy 3.3.2" });
      await assert.rejects(resume(world.note as Upgrade, effects, false), /runs 2\.11\.2 again/);
      assert.deepEqual(done, ["stop", "deploy 3.3.2", "putBack, earlier file"]);
      assert.deepEqual(world, returned);
    });
  }
  test("after the migration: the new version is proven, and its data stays even if that fails", async () => {
    const world = await killedAt("deploy 3.3.2", true);
    const { effects, done } = effectsOf(world, { at: "deploy 3.3.2" });
    await assert.rejects(resume(world.note as Upgrade, effects, false), /^Error: deploy 3\.3\.2 broke$/);
    assert.deepEqual(done, ["deploy 3.3.2"]);
    assert.deepEqual(world, upgraded);
  });
  test("on the way back: the next command finishes the way back", async () => {
    const world = newWorld();
    const { effects } = effectsOf(world, { at: "deploy 3.3.2" });
    const killed: Effects = { ...effects, putBack: () => Promise.reject(new Killed()) };
    await assert.rejects(goOn(start, killed), Killed);
    const next = effectsOf(world);
    await assert.rejects(resume(world.note as Upgrade, next.effects, true), /runs 2\.11\.2 again/);
    assert.deepEqual(next.done, ["putBack, earlier file"]);
    assert.deepEqual(world, returned);
  });
  test("after the way back: the earlier version is proven, and data that came since then stays", async () => {
    const world = newWorld();
    const { effects } = effectsOf(world, { at: "deploy 3.3.2" });
    const unproven = async () => {
      await effects.putBack();
      throw new Killed();
    };
    await assert.rejects(goOn(start, { ...effects, putBack: unproven }), Killed);
    const next = effectsOf(world);
    await resume(world.note as Upgrade, next.effects, false);
    assert.deepEqual(next.done, ["deploy 2.11.2"]);
    assert.deepEqual(world, returned);
  });
});
