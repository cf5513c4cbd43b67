import { handled, type Outcome, taken } from "../rule.ts";
import { convertSecret } from "../secrets.ts";

/** Airflow's home in puckel/docker-airflow and in images made from it. */
export const puckelHome = "/usr/local/airflow";

const ownServices = handled("the stack has a Postgres and a Redis of its own, with passwords that it mints");

const variables: Readonly<Record<string, (value: string) => Outcome>> = {
  FERNET_KEY: (value) => convertSecret(["secrets", "fernetKey"], value),
  LOAD_EX: (value) => taken(["settings", "core", "load_examples"], /^y/i.test(value)),
};

/** Imports a variable that the entrypoint of puckel/docker-airflow reads; undefined for any other variable. */
export function convertPuckelVariable(name: string, value: string): Outcome | undefined {
  if (/^(POSTGRES|REDIS)_(HOST|PORT|USER|PASSWORD|DB|EXTRAS|PROTO|DBNUM)$/.test(name)) return ownServices;
  return Object.hasOwn(variables, name) ? variables[name]?.(value) : undefined;
}
