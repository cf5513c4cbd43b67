import { createPrivateKey } from "node:crypto";
import type { SecretName } from "../schema/schema.ts";

function isSigningKey(text: string): boolean {
  try {
    return createPrivateKey(text).asymmetricKeyType === "ed25519";
  } catch {
    return false;
  }
}

/** Form of a password, which stands between spaces in Redis' list of users, and in URLs. */
const password = {
  is: (text: string) => /^[\x21-\x7e]+$/.test(text),
  allowed: "expected printable ASCII characters, without spaces",
};

interface Form {
  readonly is: (text: string) => boolean;
  readonly allowed: string;
}

const forms: Readonly<Partial<Record<SecretName, Form>>> = {
  fernetKey: {
    is: (text) => text.split(",").every((key) => /^[\w-]{43}=$/.test(key.trim())),
    allowed: "expected a fernet key: openssl rand -base64 32 | tr +/ -_ makes one",
  },
  jwtSecret: {
    is: isSigningKey,
    allowed:
      "expected an Ed25519 private key in PEM, with all its lines: openssl genpkey -algorithm ed25519 makes one",
  },
  // Flower separates logins by commas.
  adminPassword: {
    is: (text) => password.is(text) && !text.includes(","),
    allowed: `${password.allowed} and commas`,
  },
};

/** Explains which form a secret must have, without printing the secret; undefined if the secret has this form. */
export function formProblem(name: SecretName, text: string): string | undefined {
  const { is, allowed } = forms[name] ?? password;
  return is(text) ? undefined : allowed;
}
