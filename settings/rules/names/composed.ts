import { capabilities } from "../../../capabilities.ts";
import { groupParts } from "../../model/groups.ts";
import { clashesOf, namesOf, volumeNames, workerServices } from "../../model/names/composedNames.ts";
import type { Fault } from "../fault.ts";
import { rule } from "../rule.ts";

/** Keeps the first fault at each path. */
function firstAtEach(faults: readonly Fault[]): Fault[] {
  return [...new Map(faults.toReversed().map((fault) => [fault.path.join(), fault])).values()];
}

/** Rejects workers that share a name: `worker-gpu-big` is group gpu on machine big, and the default group on gpu-big. */
const workers = rule(groupParts, (parsed) => {
  // Groups of one name, or of a machine's name, are reported as such.
  const { workerGroups, machines = [] } = parsed;
  const plain = [...machines, ...workerGroups].map(({ name }) => name);
  if (new Set(plain).size < plain.length) return [];
  const clashes = clashesOf(workerServices(parsed).flatMap(namesOf));
  return firstAtEach(
    clashes.map(([later, first]) => ({
      path: later.path,
      message: `${later.from} and ${first.from} would both be ${later.name}: expected another name for one of them`,
    })),
  );
});

const lengths = rule([...groupParts, "platform"], (parsed) => {
  const { engines, longestName: most } = capabilities[parsed.platform];
  return firstAtEach(
    workerServices(parsed).flatMap(({ name, count, from, path }): Fault[] => {
      const longest = engines ? `${name}-${count}` : name;
      if (longest.length <= most) return [];
      const message = `${from} would be ${longest}, which has ${longest.length} letters: expected shorter names, with ${most} together`;
      return [{ path, message }];
    }),
  );
});

/** Rejects volumes that share a name once one of them has the name of a machine as a suffix. */
const volumes = rule(["platform", "machines.name", "roles.*.volumes.*"], (parsed) => {
  if (!capabilities[parsed.platform].engines) return [];
  const clashes = clashesOf(volumeNames(parsed));
  return firstAtEach(
    clashes.flatMap(([later, first]): Fault[] => {
      const named = [first, later].find(({ path }) => path.length > 0);
      const message = `${later.from} and ${first.from} would both be ${later.name}: expected another name for one of them`;
      // A volume with the plain name of the stack's own is reported as such.
      return named && later.name.includes("-") && /machine/.test(later.from)
        ? [{ path: named.path, message }]
        : [];
    }),
  );
});

export const composedRules = [workers, lengths, volumes];
