import { rule } from "../rule.ts";

/** Rejects the stack's own namespace for the pods of tasks: tasks would read all secrets of the stack. */
const podOperator = rule(
  ["kubernetes.namespace", "kubernetes.podOperator.namespace"],
  ({ kubernetes: { namespace, podOperator } = {} }) => {
    if (podOperator === undefined || podOperator.namespace !== namespace) return [];
    const message = "tasks could read all secrets of the stack there: expected a namespace of its own";
    return [{ path: ["kubernetes", "podOperator", "namespace"], message }];
  },
);

/** Rejects the stack's own Postgres under a user id that its image does not know. */
const userIds = rule(["kubernetes.userIds"], ({ kubernetes }, isGiven) => {
  if (kubernetes?.userIds !== "cluster" || isGiven("postgres.url")) return [];
  const message =
    "the stack's own Postgres makes its data only as a user that its image knows: expected postgres.url, an external one, or image";
  return [{ path: ["kubernetes", "userIds"], message }];
});

export const clusterRules = [podOperator, userIds];
