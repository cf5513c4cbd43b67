import { localFlowerUrl } from "../settings/model/published.ts";
import { commandLine } from "./lib/commandLine/commandLine.ts";
import { print } from "./lib/commandLine/terminal.ts";
import { main } from "./lib/process.ts";
import { dashboardsAt } from "./lib/proof/greeting.ts";
import { isElsewhere, reach } from "./lib/reach/reach.ts";
import { Stack } from "./lib/stack.ts";

await main(async () => {
  const { flags } = commandLine("open");
  const stack = new Stack(flags.stack);
  const settings = stack.deployed();
  await reach(stack);
  const { webserverPort, monitoringPort, monitoring } = settings;
  print(`Airflow   http://127.0.0.1:${webserverPort}\nFlower    ${localFlowerUrl(settings)}`);
  if (monitoring) print(`metrics   ${dashboardsAt(`http://127.0.0.1:${monitoringPort}`)}`);
  if (isElsewhere(settings)) print("Reachable until Ctrl-C.");
});
