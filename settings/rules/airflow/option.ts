import { airflowOption } from "../../model/airflowOptions.ts";
import { faultAt } from "../fault.ts";
import { type Rule, rule } from "../rule.ts";

/**
 * Makes a rule about a setting of Airflow that is no secret.
 * @param complaint says why a value is wrong, and what is expected; undefined if it is right
 */
export function optionRule(
  name: `${string}.${string}`,
  complaint: (value: string) => string | undefined,
): Rule {
  return rule([`settings.${name}`], (parsed) => {
    const given = airflowOption(parsed, name);
    return given ? faultAt(given.path, complaint(given.value), given.value) : [];
  });
}
