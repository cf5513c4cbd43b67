import { readFileSync } from "node:fs";
import { jwksOf } from "../components/secrets.ts";
import { formProblem } from "../settings/model/secretForm.ts";
import { commandLine } from "./lib/commandLine/commandLine.ts";
import { printPlain } from "./lib/commandLine/terminal.ts";
import { main } from "./lib/process.ts";

await main(async () => {
  commandLine("jwks");
  const key = readFileSync(0, "utf8");
  const fault = formProblem("jwtSecret", key);
  if (fault) throw new Error(`The standard input is no key; ${fault}: npm run --silent jwks < key.pem`);
  printPlain(jwksOf([key]));
});
