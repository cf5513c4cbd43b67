import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";

const root = resolve(import.meta.dirname, "../..");

function existing(kind: "directory" | "file") {
  return z
    .string({ error: `expected the path of a ${kind}, relative to Pulumi.yaml` })
    .transform((given, context): string => {
      const path = resolve(root, given);
      const there = existsSync(path) && statSync(path)[kind === "file" ? "isFile" : "isDirectory"]();
      if (!there) context.addIssue(`expected a ${kind}, relative to Pulumi.yaml; there is none at ${path}`);
      return path;
    });
}

/** A directory of the deploying machine; absolute once parsed. */
export const directory = existing("directory");

/** A file of the deploying machine; absolute once parsed. */
export const file = existing("file");
