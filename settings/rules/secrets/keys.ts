import { createHash } from "node:crypto";
import { textOf } from "../../model/sources.ts";
import type { SecretName } from "../../schema/schema.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/**
 * SHA-256 of publicly known keys, from examples that people copy: values of Helm charts, READMEs of older images,
 * compose files (also that of Airflow's documentation), and texts about fernet keys.
 */
const published = new Set([
  "81886cc4d79074f6e946934d4e9e9d6a2ef320041045a0bd3c36ab6939df37e8",
  "45f9af60db8dc522a2d2f8d302f80d4eab1452fb4ad437bbe4f6fb819608efcc",
  "61d624773568c4c110c85a81dbf944ce5cf9c0a4a38ac3a744b883fdfd854feb",
  "b2f118c40ef943640d2d20929e4ed51cb40d731041d3c819b90f5160a8b45de5",
  "da5250aa56bd5ee9e00b00c1f985301846fd8ebb74e9a629a3bee53232fcc61c",
  "9621faad7fe232ba8e89a7d0365af54ccd6219333666e7536e08f52451001f79",
  "fe442932b31ee75b9e676c81ce1fa69d5bb0490de9775ff78a30e22365af9f59",
  "13a4dff8c7bfba9d27a5bde7ae1952fc45f86682e3b3723bec25cb5206a3a149",
  "04e309c3e9f8b1686e1adc2add800a542038e9be0bfe6b2eb172f05cd44b04d4",
  "dbf7afadf786b937c2817eea4b425c56bd4fb91843f17ff1f036180ef5e19d1a",
  "a99b3ee2b8dcecb1f9e190f396dac654ba77100aabdf8abc67f7e999adcbdfb5",
  "f9e0707167622b088b27e7baded8d9f1b0e29b6ace2ed0fbd44c7cf6cf0d944a",
]);

function isPublished(key: string): boolean {
  return published.has(createHash("sha256").update(key).digest("hex"));
}

/** Placeholders for a key in examples. */
const placeholder =
  /change.?(me|this|in|it|for)|your.?(secret|key|own)|secret.?key|unsafe|example|placeholder/i;

/** Minimum number of characters of a signing key. */
const leastSigning = 32;

function fernetProblem(text: string): string | undefined {
  if (!text.split(",").some((key) => isPublished(key.trim()))) return;
  return (
    "it is in public examples, so everybody can decrypt values with it: " +
    "expected a key of your own; openssl rand -base64 32 | tr +/ -_ makes one"
  );
}

function signingProblem(text: string): string | undefined {
  const fix = `expected at least ${leastSigning} characters that nobody guesses; openssl rand -hex 32 makes them`;
  if (isPublished(text) || placeholder.test(text)) {
    return `it is from an example, so everybody can sign with it: ${fix}`;
  }
  return text.length < leastSigning ? `it has ${text.length} characters: ${fix}` : undefined;
}

const checked: readonly (readonly [SecretName, (text: string) => string | undefined])[] = [
  ["fernetKey", fernetProblem],
  ["apiSecretKey", signingProblem],
];

/** Rejects keys that protect nothing: publicly known, placeholders or too short. */
export const keyRule = rule(["secrets.*"], ({ secrets }) =>
  checked.flatMap(([name, problem]) => {
    const text = textOf(secrets[name]);
    return faultAt(["secrets", name], text === undefined ? undefined : problem(text));
  }),
);
