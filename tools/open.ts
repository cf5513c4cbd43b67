import { parseArgs } from "node:util";
import { readStackFile } from "../settings/read/read.ts";
import { main } from "./lib/process.ts";
import { isElsewhere, reach } from "./lib/reach/reach.ts";
import { Stack } from "./lib/stack.ts";

await main(async () => {
  const { values } = parseArgs({ options: { stack: { type: "string", default: "dev" } } });
  const stack = new Stack(values.stack);
  stack.check();
  const settings = readStackFile(stack.file);
  await reach(stack);
  const { webserverPort, flowerPort } = settings;
  console.log(`Airflow   http://127.0.0.1:${webserverPort}\nFlower    http://127.0.0.1:${flowerPort}`);
  if (isElsewhere(settings)) console.log("Ctrl-C ends this.");
});
