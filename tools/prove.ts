import { readStackFile } from "../settings/read/read.ts";
import { AirflowApi } from "./lib/airflow.ts";
import { commandLine } from "./lib/commandLine/commandLine.ts";
import { main } from "./lib/process.ts";
import { prove } from "./lib/proof/proof.ts";
import { reach } from "./lib/reach/reach.ts";
import { Stack } from "./lib/stack.ts";

await main(async () => {
  const { flags } = commandLine("prove");
  const stack = new Stack(flags.stack ?? "dev");
  stack.check();
  const settings = readStackFile(stack.file);
  const local = { ...(await stack.outputs()), webserverUrl: `http://127.0.0.1:${settings.webserverPort}` };
  const end = await reach(stack);
  console.log(await prove(stack, settings, new AirflowApi(local)).finally(end));
});
