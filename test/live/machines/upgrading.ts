import { test } from "node:test";
import { localImage } from "../../../images/local.ts";
import { ensureImages } from "../../../tools/images.ts";
import { shipImages } from "../../../tools/lib/ship.ts";
import { machines } from "../../lab/machines/machines.ts";
import { upgrades } from "../lib/deploying.ts";
import type { Npm } from "../lib/developing.ts";
import type { Config, TestStack } from "../lib/harness.ts";

/** Declares a test that deploys Airflow 2 on the machines one and two, and upgrades it. */
export function upgradesFrom2(stack: TestStack, npm: Npm, config: Config): void {
  test("Airflow 2 on machines is upgraded in place", async (t) => {
    const version = "2.11.2";
    await ensureImages(["backup"]);
    await stack.target.config(stack.prefix);
    // Sends the image as `npm run up` would.
    const images = [localImage("airflow", version)];
    const used = machines.filter(({ name }) => name !== "three");
    await shipImages(used.map((machine) => ({ machine, images })));
    await stack.up({ ...config, version, backup: { every: "12h", keep: 3 } });
    await upgrades(npm, t);
  });
}
