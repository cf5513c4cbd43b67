import { charges } from "./charges.ts";
import { endings, strangers } from "./endings.ts";
import { type Bounds, bounds, type Evidence, type Finding } from "./evidence.ts";
import { overlaps } from "./overlaps.ts";
import { slow } from "./recovery.ts";
import { waits } from "./waits.ts";

/** Faults that did not happen, and so prove nothing. */
function missed({ faults }: Evidence): Finding[] {
  return faults.flatMap(({ fault, evidence, missed: why }): Finding[] =>
    evidence === undefined
      ? [
          {
            flaw: "missed",
            told: `${fault.kind} of ${fault.target} did not land: ${why ?? "nothing shows it"}`,
          },
        ]
      : [],
  );
}

/** Every broken promise in the evidence of a schedule; empty if all were kept. */
export function check(evidence: Evidence, held: Bounds = bounds): readonly Finding[] {
  return [
    ...endings(evidence),
    ...overlaps(evidence),
    ...strangers(evidence),
    ...charges(evidence),
    ...waits(evidence, held),
    ...slow(evidence, held),
    ...missed(evidence),
  ];
}
