import type { Settings } from "../model/groups.ts";
import type { Fault } from "../rules/fault.ts";
import { among, secretFaults } from "../rules/secrets/secrets.ts";
import type { Path } from "../schema/path.ts";
import { settingsWithDeclarations } from "./read.ts";

/** Arguments that another program gives to the component. */
export interface Arguments {
  readonly values: Readonly<Record<string, unknown>>;
  /** Paths of the values, also of lists and objects, that the program marked as secret. */
  readonly secret: readonly Path[];
}

/** Rewords the fault of a plain secret for a program, which has no encrypted stack file. */
function reworded(fault: Fault): Fault {
  if (fault.given !== "[plaintext]") return fault;
  return {
    ...fault,
    message: "expected a secret output: pulumi.secret(…), or a secret of the configuration",
  };
}

/**
 * Reads the settings of a stack from the arguments of a component.
 * @param place name of the component, which errors give instead of a file and line
 * @throws Refused listing every fault
 */
export function settingsFromArguments({ values, secret }: Arguments, place: string): Settings {
  const isObject = (path: Path) =>
    typeof path.reduce<unknown>((at, part) => Object(at)[part], values) === "object";
  // A provider gets a whole object marked as secret if any value in the object is.
  const isInside = among(secret.filter(isObject));
  const faults = secretFaults(values, among(secret), "NAME").filter(
    ({ given, path }) => given !== "[secret]" || !isInside(path),
  );
  return settingsWithDeclarations(values, () => place, faults.map(reworded));
}
