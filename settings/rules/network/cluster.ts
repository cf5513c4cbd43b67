import { rule } from "../rule.ts";

/** Rejects the stack's own namespace for the pods of tasks, where tasks could read all secrets of the stack. */
const podOperator = rule(
  ["kubernetes.namespace", "kubernetes.podOperator.namespace"],
  ({ kubernetes: { namespace, podOperator } = {} }) => {
    if (podOperator === undefined || podOperator.namespace !== namespace) return [];
    const message = "tasks could read all secrets of the stack there: expected another namespace";
    return [{ path: ["kubernetes", "podOperator", "namespace"], message }];
  },
);

/** Rejects the stack's own Postgres under a user id that its image does not know. */
const userIds = rule(["kubernetes.userIds"], ({ kubernetes }, isGiven) => {
  if (kubernetes?.userIds !== "cluster" || isGiven("postgres.url")) return [];
  const message =
    "the stack's own Postgres can create its data only as a user that its image knows: expected image, or postgres.url with an external server";
  return [{ path: ["kubernetes", "userIds"], message }];
});

export const clusterRules = [podOperator, userIds];
