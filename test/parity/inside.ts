import { readFileSync } from "node:fs";
import { jwksOf } from "../../components/secrets.ts";
import type { Facts } from "./facts.ts";

const script = readFileSync(new URL("inside.sh", import.meta.url), "utf8");

/** Paths to inspect. */
export interface Paths {
  readonly directories: readonly string[];
  /** Files besides secrets, which are found without a list. */
  readonly files: readonly string[];
}

/** Replaces each secret, and keys derived from one, by its name, since secrets differ between stacks. */
function withoutSecrets(text: string, secrets: Facts): string {
  const { jwtSecret } = secrets;
  const all = { ...secrets, ...(jwtSecret !== undefined && { jwks: jwksOf([jwtSecret]) }) };
  return Object.entries(all).reduce((rest, [name, value]) => rest.replaceAll(value, `{${name}}`), text);
}

function bytes(memory: string): string {
  return String(Number(memory) / 2 ** 20);
}

function cores(cpu: string): string {
  const [quota, period] = cpu.split(" ");
  return String(Number(quota) / Number(period));
}

/** Joins the primary group with the others, as it may or may not be listed among them. */
function groups(further: string, gids: string): string {
  const [primary = ""] = gids.split("\t");
  return [...new Set([...further.trim().split(" "), primary])].filter((group) => group !== "").join(" ");
}

function normalised(read: Facts, secrets: Facts): Facts {
  const facts = Object.entries(read).map(([name, value]): [string, string] => {
    if (name.startsWith("file "))
      return [name, withoutSecrets(Buffer.from(value, "base64").toString(), secrets)];
    if (name === "memory") return ["memory, MiB", bytes(value)];
    if (name === "cpu") return ["cpu, cores", cores(value)];
    const [, process] = /^(.*): Groups$/.exec(name) ?? [];
    if (process !== undefined) return [name, groups(value, read[`${process}: Gid`] ?? "")];
    return [name, value.trim()];
  });
  return Object.fromEntries(facts);
}

/**
 * Reads the facts that the processes of a container see, and their permissions.
 * @param exec runs a command in the container as its own user
 * @param secrets secrets of the stack, by name
 */
export async function inside(
  exec: (...command: string[]) => Promise<string>,
  { directories, files }: Paths,
  secrets: Facts,
): Promise<Facts> {
  const output = await exec("sh", "-c", script, "inside", ...directories, "--", ...files);
  const lines = output.split("\n").filter((line) => line !== "");
  const read = lines.map((line) => {
    const [name = "", ...value] = line.split("\t");
    return [name, value.join("\t")] as const;
  });
  return normalised(Object.fromEntries(read), secrets);
}
