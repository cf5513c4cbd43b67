import {
  allows,
  type Requirement,
  type RequirementLine,
  requirementIn,
  requirementLines,
} from "../../model/requirements.ts";
import { shownText } from "../../model/urls/mask.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { textIn } from "../text.ts";

/** Options that decide which files of a package are taken, and lead nowhere else. */
const harmless = ["--no-binary", "--only-binary", "--prefer-binary", "--pre", "--require-hashes", "--hash"];
const scheme = /^(https?|git\+(https?|ssh)):\/\//;

const byName = "expected packages by name: NAME, NAME==1.2.3 or NAME @ https://…";

interface Line extends RequirementLine {
  readonly found?: Requirement | undefined;
}

/** Explains what is wrong with a line by itself; undefined if nothing is. */
function problem({ text, found }: Line, version: string): string | undefined {
  const options = [...text.matchAll(/(?<=^|\s)--?[A-Za-z][\w-]*/g)].map(([option]) => option);
  const other = options.find((option) => !harmless.includes(option));
  if (other !== undefined) {
    return `says ${shownText(other)}: expected packages by name, since the build of the image reads no other file or index`;
  }
  if (/https?:\/\/[^\s/]*@/i.test(text))
    return "has a login in its URL, which the image would keep: expected a URL without one, or images.airflow, an image with the package";
  if (text.startsWith("-") || scheme.test(text)) return;
  const isPath = /^[./~\\]|^file:|^[A-Za-z]:\\|^[^\s:]+\.(whl|zip|tar\.\w+|tgz)$/i.test(text);
  if (isPath || /^[\w.-]+\/[\w./-]*$/.test(text) || (found?.url !== undefined && !scheme.test(found.url))) {
    return `says ${shownText(text)}: ${byName}, since the build of the image reads no other file`;
  }
  if (found === undefined) return `says ${shownText(text)}, which is not a requirement: ${byName}`;
  if (!/^apache-airflow(-core)?$/.test(found.name)) return;
  if (found.url === undefined && (found.versions === "" || allows(found.versions, version))) return;
  return `asks for another Airflow than the stack's, ${version}: expected no such line, and the version as airflow:version`;
}

/** Names the earlier line that pins the same package to another version; undefined if there is none. */
function contradiction({ number, found }: Line, lines: readonly Line[]): string | undefined {
  if (found === undefined || found.conditional) return;
  const before = lines.find(
    (line) =>
      line.number < number &&
      line.found?.name === found.name &&
      !line.found.conditional &&
      line.found.versions !== found.versions &&
      [line.found, found].every(({ versions }) => versions.startsWith("==")),
  );
  return (
    before &&
    `says ${shownText(`${found.name}${found.versions}`)}, and line ${before.number} ${shownText(before.found?.versions ?? "")}: expected only one of them`
  );
}

/** Rejects lines that the image cannot be built with, or that could change the image under the same name. */
export const requirementRule = rule(["requirements", "version"], ({ requirements: file, version }) => {
  if (file === undefined) return [];
  const text = textIn(file);
  const path = ["requirements"];
  if (text === undefined) return faultAt(path, "it is not text in UTF-8: expected the file saved as UTF-8");
  const lines = requirementLines(text).map((line) => ({ ...line, found: requirementIn(line) }));
  return lines.flatMap((line) => {
    const reason = problem(line, version) ?? contradiction(line, lines);
    return faultAt(path, reason && `line ${line.number} ${reason}`);
  });
});
