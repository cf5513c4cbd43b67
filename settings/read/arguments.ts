import type { Settings } from "../model/groups.ts";
import type { Fault } from "../rules/fault.ts";
import { among, secretFaults } from "../rules/secrets/secrets.ts";
import type { Path } from "../schema/path.ts";
import { settingsBoth } from "./read.ts";

/** Values that another program gives to the component. */
export interface Arguments {
  readonly values: Readonly<Record<string, unknown>>;
  /** Paths of the values, also of lists and objects, that the program marked as secret. */
  readonly secret: readonly Path[];
}

/** Names the means of a program, which has no encrypted stack file. */
function reworded(fault: Fault): Fault {
  if (fault.given !== "[plaintext]") return fault;
  return {
    ...fault,
    message: "expected a secret output: pulumi.secret(…), or a secret of the configuration",
  };
}

/**
 * Reads the settings of a stack from the arguments of a component.
 * @param place what has the arguments, for errors
 * @throws Refused listing every fault
 */
export function settingsFromArguments({ values, secret }: Arguments, place: string): Settings {
  const isObject = (path: Path) =>
    typeof path.reduce<unknown>((at, part) => Object(at)[part], values) === "object";
  // A provider gets an object as secret as a whole if any value in it is.
  const isInside = among(secret.filter(isObject));
  const faults = secretFaults(values, among(secret), "NAME").filter(
    ({ given, path }) => given !== "[secret]" || !isInside(path),
  );
  return settingsBoth(values, () => place, faults.map(reworded));
}
