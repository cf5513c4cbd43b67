import { rule } from "../rule.ts";

/** Rejects more than one source of DAGs. */
export const dagsRule = rule([], (_, isGiven) => {
  if (!isGiven("dagsGit")) return [];
  return [
    ...(isGiven("dagsImage") ? [{ path: ["dagsGit"], message: "expected either this or dagsImage" }] : []),
    ...(isGiven("dags") ? [{ path: ["dags"], message: "expected either this or dagsGit" }] : []),
  ];
});
