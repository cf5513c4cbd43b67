import { compareVersions } from "../schema/versions.ts";

/** A line of a requirements.txt, joined with the lines that continue it. */
export interface RequirementLine {
  readonly number: number;
  /** Text of the line without a comment. */
  readonly text: string;
}

/** A package that a line asks for. */
export interface Requirement {
  /** Normalized name: in lower case, with `-` for each run of `-`, `_` and `.`. */
  readonly name: string;
  /** Version specifiers without spaces: `>=1.2,<2`; empty if there are none, or a URL instead. */
  readonly versions: string;
  /** URL that the package comes from. */
  readonly url?: string;
  /** True if the line has a marker, and so applies in some environments only. */
  readonly conditional: boolean;
}

/** Lists the lines of a requirements.txt that are not empty or comments. */
export function requirementLines(text: string): RequirementLine[] {
  const lines: RequirementLine[] = [];
  let begun: RequirementLine | undefined;
  for (const [at, line] of text.split(/\r\n|\r|\n/).entries()) {
    const uncommented = line.replace(/(^|\s)#.*$/, "");
    const { number, text: before } = begun ?? { number: at + 1, text: "" };
    const joined = { number, text: `${before} ${uncommented.replace(/\\$/, "")}`.trim() };
    begun = uncommented.endsWith("\\") ? joined : undefined;
    if (begun === undefined && joined.text !== "") lines.push(joined);
  }
  return begun === undefined || begun.text === "" ? lines : [...lines, begun];
}

const version = String.raw`(?:===|==|~=|!=|<=|>=|<|>)\s*[\w.*+!-]+`;
const requirementForm = new RegExp(
  String.raw`^([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[[\w\s,.-]*\])?\s*` +
    String.raw`(?:@\s*([a-z+]+://[^\s;]+)|\(?\s*(${version}(?:\s*,\s*${version})*)?\s*,?\s*\)?)\s*(;.*)?$`,
);

/** Parses a line; undefined if the line does not ask for a package by name. */
export function requirementIn({ text }: RequirementLine): Requirement | undefined {
  const [, name, url, versions = "", marker] =
    requirementForm.exec(text.replace(/(\s--hash[=\s]\S+)+$/, "")) ?? [];
  if (name === undefined) return undefined;
  return {
    name: name.toLowerCase().replace(/[-_.]+/g, "-"),
    versions: versions.replace(/\s/g, ""),
    ...(url !== undefined && { url }),
    conditional: marker !== undefined,
  };
}

/** True if a version satisfies all specifiers of a requirement: `>=3,<4`. Specifiers with more than numbers are ignored. */
export function allows(versions: string, given: string): boolean {
  return versions.split(",").every((part) => {
    const [, operator, wanted = "", star] =
      /^(===|==|~=|!=|<=|>=|<|>)(\d+(?:\.\d+)*)(\.\*)?$/.exec(part) ?? [];
    const order = compareVersions(given, wanted);
    const begins = (start: string) => `${given}.`.startsWith(`${start}.`);
    const equal = star === undefined ? order === 0 : begins(wanted);
    const operators: Readonly<Record<string, boolean>> = {
      "===": equal,
      "==": equal,
      "!=": !equal,
      "<=": order <= 0,
      ">=": order >= 0,
      "<": order < 0,
      ">": order > 0,
      "~=": order >= 0 && begins(wanted.replace(/\.\d+$/, "")),
    };
    return operator === undefined || operators[operator] === true;
  });
}
