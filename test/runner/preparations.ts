import { ensureImages, standard } from "../../tools/images.ts";
import { run } from "../../tools/lib/process.ts";
import { onDocker } from "../live/targets/docker.ts";
import type { Need } from "./jobs.ts";

/** Prefix of everything that live tests create. */
const prefix = "airflow-livetest-";

/** Undoes preparations of this process, by need. */
const undo = new Map<Need, () => Promise<unknown>>();

/** True if the lab's API server answers. */
async function isLabUp(): Promise<boolean> {
  const { kubectl } = await import("../lab/lab.ts");
  return kubectl("get", "--raw", "/readyz").then(
    () => true,
    () => false,
  );
}

const setUp: Readonly<Record<Need, (engine: () => Promise<void>, sweeps: boolean) => Promise<void>>> = {
  engine: async (_, sweeps) => {
    await ensureImages([...standard, "gateway"]);
    await run("tools/lib/setup/chromium.sh", [], { show: true });
    if (sweeps) await onDocker.sweep(prefix);
  },
  airflow2: async (engine) => {
    await engine();
    await ensureImages(["airflow"], "2.11.2");
  },
  cluster: async (engine, sweeps) => {
    // Imported on demand, as it works on Linux only.
    const { ensureLab } = await import("../lab/lab.ts");
    const { onKubernetes } = await import("../live/targets/kubernetes.ts");
    // An idle cluster takes a twentieth of two cores' time.
    if (sweeps && !(await isLabUp())) undo.set("cluster", () => run("test/lab/down.sh", [], { show: true }));
    await run("test/lab/up.sh", [], { show: true });
    await run("tools/run", ["--kubernetes-plugin"], { show: true });
    await engine();
    await ensureLab();
    if (sweeps) await onKubernetes.sweep(prefix);
  },
  machines: async (engine, sweeps) => {
    await engine();
    const { onMachines } = await import("../live/targets/machines.ts");
    await onMachines.config(prefix);
    if (sweeps) await onMachines.sweep(prefix);
  },
  scanners: () => run("test/scan/setup.sh", [], { show: true }).then(() => {}),
};

/**
 * Sets up the needs of jobs, all at the same time; a need that is already met takes a second.
 * @param sweeps whether to remove leftovers of interrupted runs, which other running tests may be using
 * @returns a promise per need, rejected with the cause if the setup fails
 */
export function prepare(needs: ReadonlySet<Need>, sweeps: boolean): Map<Need, Promise<void>> {
  let engineUp: Promise<void> | undefined;
  const engine = () => {
    engineUp ??= setUp.engine(engine, sweeps);
    return engineUp;
  };
  // Comes first: installing and starting an engine changes the machine's network.
  const started = needs.size === 0 ? undefined : run("tools/lib/setup/engine.sh", [], { show: true });
  const begin = async (need: Need) => {
    await started;
    await (need === "engine" ? engine() : setUp[need](engine, sweeps));
  };
  // Scanners are tested last, and building them would delay the cluster.
  const others = [...needs].filter((need) => need !== "scanners").map((need) => [need, begin(need)] as const);
  const scanners = async () => {
    await Promise.allSettled(others.map(([, done]) => done));
    await begin("scanners");
  };
  return new Map([...others, ...(needs.has("scanners") ? [["scanners", scanners()] as const] : [])]);
}

/** Ends what a whole run has started for a need, once no test is left that has it. */
export async function release(need: Need): Promise<void> {
  const end = undo.get(need);
  undo.delete(need);
  await end?.();
}
