import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { masked, shownText } from "../../../../settings/model/urls/mask.ts";
import { settingsOf } from "../../../../settings/read/read.ts";
import { parseStackFile } from "../../../../settings/read/stackFile.ts";
import { type Shape, stackShape } from "../../../../settings/schema/shape.ts";

const signs = "ABCDFGHJKMNPQRSTVWXYZ0123456789qxzjkvw";

const part = fc.string({ unit: fc.constantFrom(...signs), minLength: 10, maxLength: 16 });
const between = fc.constantFrom("", "/", "@", ":", "#", "?", "+", "=", "!");

/** Secrets as programs make them: random letters and digits, with signs of URLs and YAML in between. */
const secret = fc
  .tuple(part, between, part, between, part)
  .map((parts) => parts.join(""))
  .filter((text) => /\d[A-Za-z].*[A-Z].*[a-z]\d/.test(text));

/** Forms in which people put a secret into a wrong place. */
const forms: readonly ((secret: string) => unknown)[] = [
  (text) => text,
  (text) => `https://${text}@git.example.com/dags.git`,
  (text) => `postgresql://ada:${text}@db.example.com/airflow`,
  (text) => `https://example.com/simple?key=${text}`,
  (text) => `https://example.com/simple#access_token=${text}`,
  (text) => `https://hooks.slack.com/services/${text}`,
  (text) => `name:${text}`,
  (text) => [text],
  (text) => ({ password: text }),
  (text) => ({ [text]: "" }),
  (text) => ({ file: text }),
];

/** Finds all paths of the schema; NAME stands for any name, and 0 for any item. */
function pathsOf(shape: Shape, path: readonly PropertyKey[] = []): (readonly PropertyKey[])[] {
  const inner = [shape, ...(shape.anyOf ?? [])].flatMap(
    ({ properties = {}, additionalProperties, items }) => [
      ...Object.entries(properties).map(([key, one]) => [key, one] as const),
      ...(typeof additionalProperties === "object" ? [["NAME", additionalProperties] as const] : []),
      ...(items === undefined ? [] : [[0, items] as const]),
    ],
  );
  return [...(path.length > 0 ? [path] : []), ...inner.flatMap(([key, one]) => pathsOf(one, [...path, key]))];
}

/** Returns a value nested at a path. */
function nested([part, ...rest]: readonly PropertyKey[], value: unknown): unknown {
  if (part === undefined) return value;
  return part === 0 ? [nested(rest, value)] : { [part]: nested(rest, value) };
}

/** Returns a part of a secret that a text shows; numbers that a fault expects are not its parts. */
function shownOf(text: string, secret: string): string | undefined {
  const rest = text.replace(/(?<=\s)\d+(?=[\s;,.]|$)/g, "");
  for (let at = 0; at + 4 <= secret.length; at++)
    if (rest.includes(secret.slice(at, at + 4))) return secret.slice(at, at + 4);
  return undefined;
}

function faultOf(read: () => unknown): string {
  try {
    read();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

const paths = pathsOf(stackShape());

test("no fault of any key shows a part of a secret in the key's value", () => {
  let faults = 0;
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.constantFrom(...forms), secret, (path, form, text) => {
      const given = nested(path, form(text)) as Readonly<Record<string, unknown>>;
      const fault = faultOf(() => settingsOf(given, () => "x.yaml:1"));
      assert.equal(shownOf(fault, text), undefined, fault);
      if (fault !== "") faults++;
    }),
    { numRuns: 600 },
  );
  assert.ok(faults > 100, `${faults} faults`);
});

test("no fault shows a part of a password that looks ordinary", () => {
  const password = ["AAAAAAA5AA", "AAAAAAAAz6"].join("=");
  const file = `https://${password}@git.example.com/dags.git`;
  const fault = faultOf(() => settingsOf({ secrets: { postgresPassword: { file } } }, () => "x.yaml:1"));
  assert.match(fault, /there is none at .*@git\.example\.com/);
  assert.equal(shownOf(fault, password), undefined, fault);
  const url = "https://example.com/simple";
  for (const sign of ["/", "@", ":", "#"])
    for (const begin of [`${url}?key=`, `${url}#key=`, "https://hooks.slack.com/services/"]) {
      const key = ["AAAA8AAz7A", "AAAAAAAAx7"].join(sign);
      const query = { secrets: { postgresPassword: { file: `${begin}${key}` } } };
      const shown = faultOf(() => settingsOf(query, () => "x.yaml:1"));
      assert.equal(shownOf(shown, key), undefined, shown);
    }
});

test("no fault of YAML shows a part of a secret", () => {
  const begins = [
    "",
    "*",
    "&",
    "!",
    "@",
    "%",
    "`",
    "|",
    ">",
    "'",
    '"',
    "[",
    "{",
    "? ",
    "- ",
    ": ",
    "a: ",
    "\t",
    '"\\',
  ];
  const keys = ["airflow:adminUser: ", "airflow:secrets: { fernetKey: ", "airflow:", ""];
  let faults = 0;
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.constantFrom(...begins), secret, (key, begin, text) => {
      const fault = faultOf(() => parseStackFile(`config:\n  ${key}${begin}${text}\n`, "x.yaml"));
      assert.equal(shownOf(fault, text), undefined, fault);
      if (fault !== "") faults++;
    }),
    { numRuns: 1000 },
  );
  assert.ok(faults > 100, `${faults} faults`);
});

test("a text from outside is shown without its secrets", () => {
  fc.assert(
    fc.property(secret, (text) => {
      const lines = [
        `Looking in indexes: https://${text}@pypi.example.com/simple`,
        `fatal: could not read from https://ada:${text}@git.example.com/x.git`,
        `psql: postgresql://ada:${text}@db/airflow refused`,
        `GET https://example.com/simple?key=${text} 401`,
        `GET https://hooks.slack.com/services/${text} 404`,
        `password=${text}`,
      ];
      for (const line of lines) assert.equal(shownOf(masked(line), text), undefined, masked(line));
    }),
    { numRuns: 1000 },
  );
});

test("a text without a secret is shown as it is", () => {
  const texts = [
    "podman",
    "a b",
    "no/such",
    "10.0.0.0/8",
    "ssh://airflow@10.0.0.11",
    "unix:///var/run/docker.sock",
    "1.5",
    "-1",
    "registry.example.com/team/dags",
    "postgres:16.4",
    "10GB",
    "2024-01-01",
    "../dags",
    "LocalExecutor",
    "/run/docker.sock",
    "~/dags",
    "~ann/dags",
    "$HOME/dags",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the form of a shell
    "${HOME}/dags",
    "%USERPROFILE%\\dags",
    "C:\\team\\dags",
    "..\\dags",
  ];
  for (const text of texts) assert.equal(shownText(text), text);
});

test("a long text without spaces takes no longer than its length", () => {
  const begin = process.cpuUsage();
  for (const part of ["ü", "漢字，", "a,", "a@,", "a.", "x"]) masked(part.repeat(60_000 / part.length));
  const { user } = process.cpuUsage(begin);
  assert.ok(user < 2_000_000, `${user} µs`);
});

test("a line that ends with a word for a secret masks nothing in the next line", () => {
  const text = "Store the secret:\n  values.yaml:1 workers\npassword: hunter2222";
  assert.equal(masked(text), "Store the secret:\n  values.yaml:1 workers\npassword: …");
});
