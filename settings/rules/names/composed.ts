import { capabilities } from "../../../capabilities.ts";
import { groupParts } from "../../model/groups.ts";
import {
  clashesOf,
  composedNames,
  groupServices,
  volumeNames,
  workerServices,
} from "../../model/names/composedNames.ts";
import { faultAt, firstAtEach } from "../fault.ts";
import { rule } from "../rule.ts";

/**
 * Rejects workers, or triggerers, that share a name: `worker-gpu-big` is group gpu on machine big, or the default group
 * on gpu-big.
 */
const workers = rule(groupParts, (parsed) => {
  // Other rules report groups that share a name, or have the name of a machine.
  const { workerGroups, machines = [] } = parsed;
  const names = [...machines, ...workerGroups].map(({ name }) => name);
  if (new Set(names).size < names.length) return [];
  const clashes = clashesOf(groupServices(parsed).flatMap(composedNames));
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
      const message = `${from} would be ${longest}, which has ${longest.length} characters: expected shorter names, with ${most} together`;
      return faultAt(path, longest.length > most ? message : undefined);
    }),
  );
});

/** Rejects a volume whose name equals that of another volume with a machine's name as its suffix. */
const volumes = rule(["platform", "machines.name", "roles.*.volumes.*"], (parsed) => {
  if (!capabilities[parsed.platform].engines) return [];
  const clashes = clashesOf(volumeNames(parsed));
  return firstAtEach(
    clashes.map(([later, first]) => ({
      // One of the two is always a volume that the stack names.
      path: first.path.length === 0 ? later.path : first.path,
      message: `${later.from} and ${first.from} would both be ${later.name}: expected another name for one of them`,
    })),
  );
});

export const composedRules = [workers, lengths, volumes];
