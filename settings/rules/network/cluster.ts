import { within } from "../../model/addresses.ts";
import { faultAt } from "../fault.ts";
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

/** Rejects ranges of `egress` that an exception takes as a whole. */
export const egressRangeRule = rule(["kubernetes.egress"], ({ kubernetes }) => {
  const { to, except } = kubernetes?.egress ?? { to: [], except: [] };
  return to.flatMap((range, at) => {
    const exception = except.find((one) => within(range, one));
    const message = `egress.except has ${exception}, which leaves nothing of it: expected exceptions within the range`;
    return faultAt(["kubernetes", "egress", "to", at], exception && message);
  });
});

export const clusterRules = [podOperator, userIds];
