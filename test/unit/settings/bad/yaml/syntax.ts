import type { BadRow } from "../rows.ts";

/** Names of files that an editor accepts. */
const unnoticed = ["an empty file", "a file of comments", "texts that no database takes"];

function row(name: string, config: string, ...says: string[]): BadRow {
  return { name, config, says, expressible: !unnoticed.includes(name) };
}

/** Files that are not YAML, or not a stack file. None of the faults repeats the text of the file. */
export const syntax: readonly BadRow[] = [
  row("an empty file", "", "1: is empty; expected config: and its values"),
  row("a file of comments", "# workers\n", "1: is empty; expected config: and its values"),
  row(
    "a list",
    "- airflow:workers: 3\n",
    "1: is not a stack file; expected config: and below it keys, airflow:KEY, with their values",
  ),
  row(
    "a text",
    "airflow:workers 3\n",
    "1: is not a stack file; expected config: and below it keys, airflow:KEY, with their values",
  ),
  row(
    "a list below config",
    "config:\n  - airflow:workers: 3\n",
    "1: is not a stack file; expected config: and below it keys, airflow:KEY, with their values",
  ),
  row(
    "two documents",
    "config:\n  airflow:workers: 3\n---\nconfig: {}\n",
    "3: is not YAML: a second document begins; expected one: remove --- and what follows it",
  ),
  row(
    "a key twice",
    "config:\n  airflow:workers: 3\n  airflow:workers: 4\n  airflow:schedulers: 11\n  airflow:pools: { h3Kd92mzPq7Lw0: { slots: 1 }, h3Kd92mzPq7Lw0: { slots: 1 } }\n",
    "3: airflow:workers appears twice, first in line 2; expected each key once: remove one of them",
    "4: schedulers is 11; expected a whole number from 1 to 10",
    "5: … appears twice, first in line 5; expected each key once: remove one of them",
  ),
  ...(
    [
      ["the last key", "  airflow:schedulers: 1\n  airflow:workers:2\n", 3],
      ["a key above others", "  airflow:workers:2\n  airflow:schedulers: 1\n", 2],
      ["an object", "  airflow:pools:{ a: { slots: 1 } }\n", 2],
      ["a key in an object", "  airflow:pools:\n    a:\n      slots:4\n      description: b\n", 4],
    ] as const
  ).map(([what, text, at]) =>
    row(
      `no space behind the colon of ${what}`,
      `config:\n${text}`,
      `${at}: is not YAML: no space follows the colon of a key; expected KEY: VALUE`,
    ),
  ),
  row(
    "no space behind the colon of the only key",
    "config:\n  airflow:workers:2\n",
    "1: is not a stack file; expected config: and below it keys, airflow:KEY, with their values, and a space behind each KEY:",
  ),
  row(
    "a key beside config",
    "config:\n  airflow:schedulers: 1\nairflow:workers: 2\n",
    "3: airflow:workers is beside config; expected it below config:, two spaces to the right",
  ),
  row(
    "variables in the place of settings",
    `AIRFLOW__CORE__PARALLELISM: 1
config:
  AIRFLOW__CORE__PARALLELISM: 1
  airflow:Airflow__Core__Parallelism: 1
  airflow:settings: { core: { AIRFLOW__CORE__PARALLELISM: 1 } }
  airflow:roles: { worker: { AIRFLOW__CORE__PARALLELISM: 1 } }
`,
    "1: AIRFLOW__CORE__PARALLELISM is unknown; it is a setting of airflow.cfg: expected settings: { core: { parallelism: VALUE } }",
    "3: AIRFLOW__CORE__PARALLELISM is without the project's prefix; expected airflow:settings: { core: { parallelism: VALUE } }",
    "4: Airflow__Core__Parallelism is unknown; it is a setting of airflow.cfg: expected settings: { core: { parallelism: VALUE } }",
    "5: settings.core.AIRFLOW__CORE__PARALLELISM is {…}; its name is that of a variable: expected settings: { core: { parallelism: VALUE } }",
    "6: roles.worker.AIRFLOW__CORE__PARALLELISM is unknown; it is a setting of airflow.cfg: expected settings: { core: { parallelism: VALUE } }",
  ),
  row("a tab", "config:\n\tairflow:workers: 3\n", "2: is not YAML: a tab indents the line; expected spaces"),
  row(
    "a tab above keys",
    "config:\n\tairflow:workers: 3\n  airflow:schedulers: 1\n  airflow:flowerPort: 5556\n",
    "2: is not YAML: a tab indents the line; expected spaces",
  ),
  row(
    "an alias without an anchor",
    "config:\n  airflow:secrets: { fernetKey: *hunter2 }\n",
    "2: is not YAML: a value begins with *, which marks an alias, and no anchor above has this name; expected quotes around it",
  ),
  row(
    "a tag",
    "config:\n  airflow:secrets: { fernetKey: !hunter2 }\n",
    "2: is not YAML: a value begins with !, which marks a tag; expected quotes around it",
  ),
  row(
    "a reserved sign",
    "config:\n  airflow:adminUser: @hunter2\n",
    "2: is not YAML: a value begins with @, ` or %, which YAML reserves; expected quotes around it",
  ),
  row(
    "a colon in a text",
    "config:\n  airflow:adminUser: name: hunter2\n",
    "2: is not YAML: a line has a second key; expected one KEY: VALUE on a line, and quotes around a value with ': '",
  ),
  row(
    "an open quote",
    'config:\n  airflow:adminUser: "hunter2\n',
    "3: is not YAML: a quote, bracket, comma or colon is missing; expected KEY: VALUE, and every quote and bracket closed",
  ),
  row(
    "a text behind a text",
    "config:\n  airflow:adminUser: 'a'hunter2\n",
    "2: is not YAML: text follows the end of a value; expected one value, in quotes if it has characters that YAML reserves",
  ),
  row(
    "a block that begins on the line of its key",
    "config:\n  airflow:adminUser: |hunter2\n",
    "2: is not YAML: text follows the end of a value; expected one value, in quotes if it has characters that YAML reserves",
  ),
  row(
    "a backslash",
    'config:\n  airflow:adminUser: "\\hunter2"\n',
    "2: is not YAML: a backslash in double quotes is unknown; expected \\\\ for a backslash, or single quotes",
  ),
  row(
    "a key that is a list",
    "config:\n  ? [a]\n  : 1\n",
    "2: is not YAML: a key is a list or an object; expected a name, in quotes if it has brackets",
  ),
  row(
    "<< in quotes, and << with a value that is not an object",
    'config:\n  airflow:roles:\n    scheduler: { memory: &hunter2 2048 }\n    triggerer: { <<: *hunter2 }\n    webserver: { "<<": { memory: 1024 } }\n    flower: { <<: [{ cpu: 1 }, *hunter2] }\n',
    "4: is not YAML: << adds the keys of an object; expected it without quotes, and the alias of an object, or a list of them, behind it",
    "5: is not YAML: << adds the keys of an object; expected it without quotes, and the alias of an object, or a list of them, behind it",
    "6: is not YAML: << adds the keys of an object; expected it without quotes, and the alias of an object, or a list of them, behind it",
  ),
  row(
    "an alias in its own anchor",
    "config:\n  airflow:variables: &hunter2\n    a: [1, *hunter2]\n",
    "3: is not YAML: an alias stands in its own anchor; expected a value that ends",
  ),
  row(
    "tags of values that no key takes",
    "config:\n  airflow:variables:\n    a: !!binary aGk=\n    b: !!set { x }\n    c: !!omap [x: *hunter2]\n    d: !!timestamp 2024-01-01\n    e: !!str 3\n",
    "3: is not YAML: a value begins with !, which marks a tag; expected quotes around it",
    "4: is not YAML: a value begins with !, which marks a tag; expected quotes around it",
    "5: is not YAML: a value begins with !, which marks a tag; expected quotes around it",
    "5: is not YAML: a value begins with *, which marks an alias, and no anchor above has this name; expected quotes around it",
    "6: is not YAML: a value begins with !, which marks a tag; expected quotes around it",
  ),
  row(
    "texts that no database takes",
    'config:\n  airflow:variables:\n    a: "a\\0"\n    b: "\\ud800"\n    c: { "d\\0": 1 }\n',
    ...[3, 4, 5].map(
      (at) =>
        `${at}: is not YAML: a value has a NUL, or half of a character, which no database and no environment accepts; expected the value without it`,
    ),
  ),
];
