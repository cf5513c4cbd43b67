import { capabilities } from "../../../capabilities.ts";
import { groupParts } from "../../model/groups.ts";
import { clashesOf, namesOf, volumeNames, workerServices } from "../../model/names/composedNames.ts";
import { type Fault, faultAt, firstAtEach } from "../fault.ts";
import { rule } from "../rule.ts";

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
    workerServices(parsed).flatMap(({ name, count, from, path }) => {
      const longest = engines ? `${name}-${count}` : name;
      const message = `${from} would be ${longest}, which has ${longest.length} letters: expected shorter names, with ${most} together`;
      return faultAt(path, longest.length > most ? message : undefined);
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
      const isMeant = later.name.includes("-") && /machine/.test(later.from);
      return named && isMeant ? faultAt(named.path, message) : [];
    }),
  );
});

export const composedRules = [workers, lengths, volumes];
