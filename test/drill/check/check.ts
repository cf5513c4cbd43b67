import { charges } from "./charges.ts";
import { endings, unrecordedExecutions } from "./endings.ts";
import { type Bounds, bounds, type Evidence, type Finding } from "./evidence.ts";
import { overlaps } from "./overlaps.ts";
import { slow } from "./recovery.ts";
import { waits } from "./waits.ts";

/** Finds faults that did not happen, and so prove nothing. */
function missed({ faults }: Evidence): Finding[] {
  return faults.flatMap(({ fault, evidence, missed: why }): Finding[] =>
    evidence === undefined
      ? [
          {
            flaw: "missed",
            observed: `${fault.kind} of ${fault.target} did not happen: ${why ?? "there is no proof of it"}`,
          },
        ]
      : [],
  );
}

/**
 * Finds every broken promise in the evidence of a schedule; none if all were kept.
 * @param held limits to hold the deployment to
 */
export function check(evidence: Evidence, held: Bounds = bounds): readonly Finding[] {
  return [
    ...endings(evidence),
    ...overlaps(evidence),
    ...unrecordedExecutions(evidence),
    ...charges(evidence),
    ...waits(evidence, held),
    ...slow(evidence, held),
    ...missed(evidence),
  ];
}
