import { formProblem } from "../../model/secretForm.ts";
import { textOf } from "../../model/sources.ts";
import { secretNames } from "../../schema/schema.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Rejects given secrets in a form that the programs which read them do not accept. */
const forms = rule(["secrets.*"], ({ secrets }) =>
  secretNames.flatMap((name) => {
    const text = textOf(secrets[name]);
    return faultAt(["secrets", name], text === undefined ? undefined : formProblem(name, text));
  }),
);

/** Rejects a generation for a secret that is given: a secret is either given or minted. */
const generations = rule([], (_, isGiven) =>
  secretNames
    .filter((name) => isGiven(`secrets.${name}`) && isGiven(`secretGenerations.${name}`))
    .map((name) => ({
      path: ["secretGenerations", name],
      message: `secrets.${name} is given, and a new value there replaces it: expected only one of them`,
    })),
);

export const secretFormRules = [forms, generations];
