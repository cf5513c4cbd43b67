import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { commandLine } from "../../tools/lib/commandLine/commandLine.ts";
import { main, project } from "../../tools/lib/process.ts";

/** Assertion of a test. */
interface Assertion {
  /** Path below the project. */
  readonly file: string;
  /** Title of the test, or name of the function, that contains the assertion. */
  readonly test: string;
  /** Source text on one line. */
  readonly text: string;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}

function isAssertion({ expression }: ts.CallExpression): boolean {
  const called = ts.isPropertyAccessExpression(expression) ? expression.expression : expression;
  return ts.isIdentifier(called) && /^assert/.test(called.text);
}

/** Returns the title of a `test` or `suite` call; undefined for any other call. */
function titleOf(call: ts.CallExpression): string | undefined {
  const [title] = call.arguments;
  const isTest = ts.isIdentifier(call.expression) && ["test", "suite"].includes(call.expression.text);
  if (!isTest || !title) return undefined;
  return ts.isStringLiteralLike(title) ? title.text : title.getText();
}

/** Lists the assertions of one file, in source order. */
function assertionsOf(file: string): Assertion[] {
  const source = ts.createSourceFile(
    file,
    readFileSync(join(project, file), "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const found: Assertion[] = [];
  const visit = (node: ts.Node, inside: string): void => {
    let test = inside;
    if (ts.isFunctionDeclaration(node) && node.name) test = `${node.name.text}()`;
    if (ts.isCallExpression(node)) {
      test = titleOf(node) ?? test;
      if (isAssertion(node)) found.push({ file, test, text: oneLine(node.getText()) });
    }
    ts.forEachChild(node, (child) => visit(child, test));
  };
  visit(source, "");
  return found;
}

await main(async () => {
  commandLine("assertions");
  const files = globSync("test/**/*.ts", { cwd: project }).sort();
  for (const { file, test, text } of files.flatMap(assertionsOf)) console.log([file, test, text].join("\t"));
});
