import type { Given, Stated } from "../../schema/schema.ts";
import type { Fault } from "../fault.ts";

/** DAGs come from one place. */
export function dagsFaults({ dagsImage, dagsGit }: Stated, given: Given): Fault[] {
  if (!dagsGit) return [];
  return [
    ...(dagsImage !== undefined
      ? [{ path: ["dagsGit"], message: "allowed is either this or dagsImage" }]
      : []),
    ...(given.dags !== undefined ? [{ path: ["dags"], message: "allowed is either this or dagsGit" }] : []),
  ];
}
