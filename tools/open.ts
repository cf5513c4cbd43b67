import { parseArgs } from "node:util";
import { readStackFile } from "../config.ts";
import { forward } from "./kubernetes.ts";
import { main } from "./process.ts";
import { Stack } from "./stack.ts";

await main(async () => {
  const { values } = parseArgs({ options: { stack: { type: "string", default: "dev" } } });
  const stack = new Stack(values.stack);
  stack.check();
  const { platform, webserverPort, flowerPort } = readStackFile(stack.file);
  if (platform === "kubernetes") await forward(stack);
  console.log(`Airflow   http://127.0.0.1:${webserverPort}\nFlower    http://127.0.0.1:${flowerPort}`);
  if (platform === "kubernetes") console.log("Ctrl-C ends this.");
});
