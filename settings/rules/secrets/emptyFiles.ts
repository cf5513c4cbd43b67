import { secretParts, secretSources, textOf } from "../../model/sources.ts";
import { isPlace } from "../../schema/secret.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Secrets whose forms are checked elsewhere, which no empty text has. */
const withForm = ["secrets", "users", "postgres", "redis", "publish"];

/** Rejects empty files in the place of secrets. */
export const emptyFileRule = rule(secretParts, (parsed) =>
  secretSources(parsed)
    .filter(({ path }) => !withForm.includes(String(path[0])) && path.at(-1) !== "uri")
    .flatMap(({ path, source }) => {
      const message = "its file is empty: expected a file with the secret and nothing else";
      const isEmptyFile = isPlace(source) && textOf(source) === "";
      return faultAt(path, isEmptyFile ? message : undefined);
    }),
);
