import { formFault } from "../../model/secretForm.ts";
import { textOf } from "../../model/sources.ts";
import { type ParsedConfig, type SecretName, secretNames } from "../../schema/schema.ts";
import type { Fault } from "../fault.ts";

/** Rejects given secrets in a form that their readers do not accept. */
export function formFaults({ secrets }: ParsedConfig): Fault[] {
  return secretNames.flatMap((name: SecretName) => {
    const { [name]: source } = secrets;
    const path = ["secrets", name];
    const text = source === undefined ? undefined : textOf({ path, source });
    const message = text === undefined ? undefined : formFault(name, text);
    return message === undefined ? [] : [{ path, message }];
  });
}

/** Rejects a generation for a secret that is given: a secret is either given or minted. */
export function generationFaults({ secrets, secretGenerations }: ParsedConfig): Fault[] {
  return secretNames
    .filter((name) => secrets[name] !== undefined && secretGenerations[name] !== undefined)
    .map((name) => ({
      path: ["secretGenerations", name],
      message: `secrets.${name} is given, and is replaced by giving another one: expected either`,
    }));
}
