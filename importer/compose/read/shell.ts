/**
 * Returns the variables of an environment for a compose file, without those that npm sets, as if the command ran in the
 * file's folder: npm changes to the project's.
 */
export function shellVariables(
  environment: Readonly<Record<string, string | undefined>>,
  folder: string,
): ReadonlyMap<string, string> {
  const given = Object.entries(environment).filter(([name]) => !/^(npm_|INIT_CWD$|NODE$|COLOR$)/.test(name));
  const set = given.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return new Map([...set, ["PWD", folder]]);
}
