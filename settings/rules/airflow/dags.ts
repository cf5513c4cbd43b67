import type { ParsedConfig, RawConfig } from "../../schema/schema.ts";
import type { Fault } from "../fault.ts";

/** Rejects more than one source of DAGs. */
export function dagsFaults({ dagsImage, dagsGit }: ParsedConfig, given: RawConfig): Fault[] {
  if (!dagsGit) return [];
  return [
    ...(dagsImage !== undefined ? [{ path: ["dagsGit"], message: "expected either this or dagsImage" }] : []),
    ...(given.dags !== undefined ? [{ path: ["dags"], message: "expected either this or dagsGit" }] : []),
  ];
}
