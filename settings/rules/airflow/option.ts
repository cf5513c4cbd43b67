import { airflowOption } from "../../model/airflowOptions.ts";
import { faultAt } from "../fault.ts";
import { type Rule, rule } from "../rule.ts";

/**
 * Makes a rule for one setting of Airflow that is not secret, since a fault prints its value.
 * @param problem explains what is wrong with a value, and what is expected; undefined if nothing is
 */
export function optionRule(
  name: `${string}.${string}`,
  problem: (value: string) => string | undefined,
): Rule {
  return rule([`settings.${name}`], (parsed) => {
    const given = airflowOption(parsed, name);
    return given ? faultAt(given.path, problem(given.value), given.value) : [];
  });
}
