import { formProblem } from "../../model/secretForm.ts";
import { type PlacedSource, passwords, serviceUrls, textOf } from "../../model/sources.ts";
import type { Path } from "../../schema/path.ts";
import { secretNames } from "../../schema/schema.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { passwordIn } from "../services/urls.ts";

/** Passwords that attackers try first, in lower case. */
const wellKnown = new Set(
  (
    "admin admin123 administrator airflow airflow123 changeit changeme changethis default example foobared guest " +
    "letmein minioadmin passw0rd p@ssw0rd password password1 password123 postgres postgres123 qwerty qwerty123 " +
    "qwertyuiop redis redis123 root secret secret123 supersecret test test1234 welcome welcome1 iloveyou " +
    "change_me change-me your_password yourpassword mysecretpassword"
  ).split(" "),
);

/** Minimum number of characters of a password, where guesses are slow or counted: NIST SP 800-63B-3, 5.1.1.2. */
const least = 8;

/** Minimum number of characters of a text that encrypts: a copy of an archive takes any number of guesses, as fast as a machine makes them. */
const leastEncrypting = 16;

/** Explains why a password is weak; undefined if it is not. */
function weakness(password: string, least: number): string | undefined {
  const lowerCase = password.toLowerCase();
  if (password === "") return "is empty";
  const isSequence = "1234567890123456".startsWith(lowerCase) || /^(.)\1*$/s.test(lowerCase);
  if (wellKnown.has(lowerCase) || isSequence) return "is well known";
  return password.length < least ? `has ${password.length} characters` : undefined;
}

function passwordFault(
  path: Path,
  password: string | undefined,
  subject: string,
  characters = least,
): Fault[] {
  const problem = password === undefined ? undefined : weakness(password, characters);
  const message = `${subject} ${problem}: expected a password of at least ${characters} characters that nobody guesses; openssl rand -hex 24 makes one`;
  return faultAt(path, problem && message);
}

/** True if a secret has a wrong form, which `secretFormRules` reports already. */
function isUnusable({ path: [holder, name], source }: PlacedSource): boolean {
  const text = textOf(source);
  const secret = secretNames.find((known) => holder === "secrets" && known === name);
  return secret !== undefined && text !== undefined && formProblem(secret, text) !== undefined;
}

/** Rejects passwords that are well known, or guessed in seconds. */
export const passwordRule = rule(["secrets.*", "users.*.password", "postgres.*", "redis.*"], (parsed) => [
  ...passwords(parsed)
    .filter((given) => !isUnusable(given))
    .flatMap(({ path, source }) => passwordFault(path, textOf(source), "it")),
  ...serviceUrls(parsed).flatMap(({ path, source }) =>
    passwordFault(path, passwordIn(textOf(source) ?? ""), "its password"),
  ),
]);

/** Rejects a key of backups that whoever has an archive would guess, and a key of age that is not whole. */
export const backupKeyRule = rule(["secrets.backupKey"], ({ secrets }) => {
  const path = ["secrets", "backupKey"];
  const text = textOf(secrets.backupKey);
  if (!text?.startsWith("AGE-SECRET-KEY-1")) return passwordFault(path, text, "it", leastEncrypting);
  const isWhole = /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/.test(text);
  return faultAt(
    path,
    isWhole ? undefined : "it is not whole: expected a key of age, as age-keygen prints it",
  );
});
