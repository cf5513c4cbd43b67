import { Document, isCollection, isMap, isSeq, visit } from "yaml";
import { schema } from "../settings/schema/schema.ts";
import type { Plan } from "./plan.ts";

/** Maximum characters of a list or an object that is written on one line. */
const width = 100;

const comments: Readonly<Record<string, string>> = {
  images: " With digests they are the same tomorrow.",
  machines: " Nodes by their labels, and how many workers run there.",
  requirements: " Packages that the containers installed at every start.",
  roles: " Additions to roles.",
  settings: " Settings of airflow.cfg, by section.",
};

interface StackFile {
  readonly plan: Plan;
  /** The imported file. */
  readonly from: string;
  readonly stack: string;
  /** The file of Python packages, if any. */
  readonly requirements?: string | undefined;
}

/** Returns the command that stores a secret. */
export function storeCommand(key: string, stack: string): string {
  return `npm run secret -- ${key} --stack ${stack}`;
}

/** Renders a stack file. */
export function renderStackFile({ plan, from, stack, requirements }: StackFile): string {
  const config: Readonly<Record<string, unknown>> = { ...plan.config, ...(requirements && { requirements }) };
  const entries = Object.keys(schema.shape)
    .filter((key) => config[key] !== undefined)
    .map((key) => [`airflow:${key}`, config[key]] as const);
  const document = new Document({ config: Object.fromEntries(entries) });
  visit(document, {
    Pair(_, { key, value }) {
      const [, name = ""] = /^airflow:(.*)$/.exec(String((key as { value?: unknown }).value)) ?? [];
      if (comments[name] && isCollection(key) === false)
        (key as { commentBefore?: string }).commentBefore = comments[name];
      if ((isMap(value) || isSeq(value)) && JSON.stringify(value).length <= width) value.flow = true;
    },
  });
  const head = ["# yaml-language-server: $schema=schema.json", `# Imported from ${from}.`];
  const secrets = plan.secrets.map((key) => `#   ${storeCommand(key, stack)}`);
  const secretLines =
    secrets.length > 0 ? ["# Store these secrets before the first deployment:", ...secrets] : [];
  return `${[...head, ...secretLines].join("\n")}\n${document.toString({ lineWidth: 0, flowCollectionPadding: true })}`;
}
