import { cpSync, rmSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { ensureImages, standard } from "../../tools/images.ts";
import { commandLine } from "../../tools/lib/commandLine/commandLine.ts";
import { main } from "../../tools/lib/process.ts";
import { writeFigures } from "../figures.ts";
import { TestStack } from "../live/lib/harness.ts";
import { sweep } from "../live/targets/docker.ts";
import { Compose } from "./compose.ts";
import { idle, monitoring, previews, start } from "./measures.ts";
import { removing } from "./removing.ts";
import { page, type Results, show, table } from "./report.ts";
import { machine } from "./usage.ts";
import { workOf } from "./work.ts";

const ports = { stack: 18300, monitoring: 18304, compose: 18310 };
const name = "livetest-bench";
const dags = join(import.meta.dirname, "dags");

/** Runs `pulumi up` once from nothing; the last round also measures the running stack. */
async function stackRound(results: Results, last: boolean): Promise<void> {
  const stack = new TestStack(name, ports.stack);
  cpSync(dags, stack.dags, { recursive: true });
  const work = async () => {
    const up = () => stack.up({});
    results.stack.push(await start(up, () => stack.outputs));
    if (!last) return;
    results.idle.stack = await idle(`${stack.prefix}-`);
    results.previews = await previews(stack);
    results.work.stack = await workOf(stack.outputs, `${stack.prefix}-`);
    results.idle.monitoring = await monitoring(stack, ports.monitoring);
  };
  await removing(work, async () => {
    // An interrupted command may still hold the stack's lock.
    await stack.remove().catch(() => sweep(stack.prefix));
    rmSync(stack.folder, { recursive: true, force: true });
  });
}

async function composeRound(results: Results, last: boolean): Promise<void> {
  const compose = await Compose.prepare(dags, ports.compose);
  const work = async () => {
    await compose.remove();
    const up = () => compose.up();
    results.compose.push(await start(up, () => compose.outputs));
    if (!last) return;
    results.idle.compose = await idle(compose.prefix);
    results.work.compose = await workOf(compose.outputs, compose.prefix);
  };
  await removing(work, () => compose.remove().finally(() => compose.forget()));
}

function roundsWanted(): number {
  const given = commandLine("bench").flags.rounds ?? "3";
  const rounds = Number(given);
  if (Number.isInteger(rounds) && rounds > 0) return rounds;
  throw new Error(`--rounds is ${given}; expected a whole number from 1.`);
}

await main(async () => {
  const rounds = roundsWanted();
  await ensureImages([...standard, "monitoring"]);
  await sweep(`airflow-${name}`);
  const others = loadavg()[0] ?? 0;
  if (others > cpus().length / 4)
    console.log(`  the load is ${others.toFixed(1)} before the start; the figures suffer from that`);
  const results: Results = { stack: [], compose: [], idle: {}, work: {} };
  for (let round = 1; round <= rounds; round++) {
    console.log(`Round ${round} of ${rounds}: pulumi up`);
    await stackRound(results, round === rounds);
    console.log(`Round ${round} of ${rounds}: docker compose up`);
    await composeRound(results, round === rounds);
  }
  console.log(`\nOn ${machine()}, load ${others.toFixed(1)} before the start\n`);
  show(results);
  const heading = `On ${machine()}, ${rounds === 1 ? "one round" : `median of ${rounds} rounds`}, load ${others.toFixed(1)} before the start:`;
  writeFigures(page, `${heading}\n\n${table(results)}`);
});
// After an interruption, the abandoned work would go on waiting.
process.exit();
