import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  type Declared,
  isNothing,
  leftOver,
  noNames,
  outputsOf,
  recordOf,
} from "../../../components/declarations/record.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { readStackFile } from "../../../settings/read/read.ts";
import { project, run } from "../../../tools/lib/process.ts";
import { containersOf, declare } from "../mocks.ts";
import { settingsFor } from "../settingsFrom.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder("declarations");

const secretFile = join(folder, "password");
writeFileSync(secretFile, "from a file\n");

const declared = {
  connections: {
    db: { type: "postgres", host: "db", port: 5432, password: { file: secretFile }, extra: { a: 1 } },
    web: { uri: "http://u:p@web" },
  },
  variables: { text: "a", list: [1, { b: 2 }], flag: true, hidden: { file: secretFile } },
  pools: { api: { slots: 2 } },
  users: { ann: { role: "Op", password: "only of this test" } },
};

test("a job brings what is declared into the database, after the migration; secrets are in its secret file only", async () => {
  const containers = containersOf(await declare(declared));
  const { uploads, envs, ...others } = containers.get("declarations") ?? {};
  const files = new Map(
    (uploads as { file: string; content: string }[]).map(({ file, content }) => [file, content]),
  );
  assert.deepEqual(JSON.parse(files.get("/run/secrets/declarations.json") ?? ""), {
    declared: {
      connections: {
        db: { conn_type: "postgres", host: "db", port: 5432, password: "from a file", extra: '{"a":1}' },
        web: { uri: "http://u:p@web" },
      },
      variables: { text: "a", list: '[1,{"b":2}]', flag: "true", hidden: "from a file" },
      pools: { api: { slots: 2, description: "", include_deferred: false } },
      users: {
        ann: {
          role: "Op",
          email: "ann@localhost",
          first_name: "ann",
          last_name: "Op",
          password: "only of this test",
        },
      },
    },
    deleted: noNames,
  });
  assert.doesNotMatch(JSON.stringify([envs, others]), /from a file|only of this test|u:p@/);
  assert.deepEqual(
    [...files.keys()]
      .filter((file) => file.startsWith("/run/secrets/"))
      .map((file) => file.slice(13))
      .sort(),
    ["declarations.json", "fernet_key", "sql_alchemy_conn"],
  );
});

test("without declarations there is no job", async () => {
  assert.equal(containersOf(await declare()).has("declarations"), false);
});

/** Outputs as the next deployment reads them. */
function outputs(record: Declared) {
  return JSON.parse(JSON.stringify({ ...outputsOf(record), adminUser: "admin" }));
}

test("a stack that declares nothing has no outputs of it, since Pulumi warns of undefined ones", () => {
  assert.deepEqual(outputsOf(recordOf(settingsFor({}), {})), {});
  const pools = { p: { slots: 1 } };
  assert.deepEqual(outputsOf(recordOf(settingsFor({ pools }), {})), { declared: ["pools.p"] });
});

test("objects no longer declared are kept and reported, or deleted on request; a second run changes nothing", () => {
  const first = recordOf(settingsFor({ variables: { a: "1", b: "2" }, pools: { p: { slots: 1 } } }), {});
  assert.deepEqual(first.declared, { connections: [], variables: ["a", "b"], pools: ["p"], users: [] });
  assert.ok(isNothing(first.undeclared) && isNothing(first.deleted));

  const fewer = { variables: { a: "1" } };
  const second = recordOf(settingsFor(fewer), outputs(first));
  assert.deepEqual(second.undeclared, { ...noNames, variables: ["b"], pools: ["p"] });
  assert.deepEqual(recordOf(settingsFor(fewer), outputs(second)), second);
  assert.deepEqual(
    leftOver(second).map((line) => line.split(" is no longer")[0]),
    ["variables.b", "pools.p"],
  );
  assert.match(leftOver(second)[0] ?? "", /stays in Airflow\..*airflow:deleteUndeclared: true$/);

  const asked = { ...fewer, deleteUndeclared: true };
  const third = recordOf(settingsFor(asked), outputs(second));
  assert.deepEqual(third.deleted, second.undeclared);
  assert.deepEqual(leftOver(third), []);
  assert.deepEqual(recordOf(settingsFor(asked), outputs(third)), third);
  assert.ok(isNothing(recordOf(settingsFor(fewer), outputs(third)).undeclared));

  const again = recordOf(settingsFor({ variables: { a: "1", b: "3" } }), outputs(second));
  assert.deepEqual(again.undeclared, { ...noNames, pools: ["p"] });
});

test("the default pool, the administrator, and a user whose name has another spelling are never deleted", () => {
  const user = { role: "Viewer", password: "pa55word" };
  const first = recordOf(
    settingsFor({
      pools: { default_pool: { slots: 8 }, p: { slots: 1 } },
      users: { Ann: user, ops: user, bob: user },
    }),
    {},
  );
  for (const deleteUndeclared of [true, false]) {
    const next = settingsFor({ adminUser: "Ops", users: { ann: user }, deleteUndeclared });
    const record = recordOf(next, outputs(first));
    const gone = deleteUndeclared ? record.deleted : record.undeclared;
    assert.deepEqual(gone, { ...noNames, pools: ["p"], users: ["bob"] });
  }
  // An earlier release may have recorded the default pool as deleted.
  const earlier = { deleted: ["pools.default_pool", "pools.p"] };
  assert.deepEqual(recordOf(settingsFor({ pools: {}, deleteUndeclared: true }), earlier).deleted.pools, [
    "p",
  ]);
});

function both(stack: string, declarations: string): Settings {
  const file = join(folder, "stack.yaml");
  const other = join(folder, "airflow.yaml");
  writeFileSync(other, declarations);
  writeFileSync(file, `config:\n  airflow:declarations: ${other}\n${stack}`);
  return readStackFile(file);
}

test("a file of declarations adds to the stack's", () => {
  const { variables, pools } = both(
    "  airflow:variables: { a: one }\n",
    "variables:\n  b: two\npools:\n  api: { slots: 2 }\n",
  );
  assert.deepEqual(variables, { a: "one", b: "two" });
  assert.deepEqual(pools, { api: { slots: 2, includeDeferred: false } });
});

test("a name in both is refused, with both places", () => {
  assert.throws(
    () => both("  airflow:variables: { a: one }\n", "variables:\n  a: two\n"),
    /stack\.yaml:3: variables\.a is \{…\}; airflow\.yaml:2 declares it too: expected only one of them$/,
  );
});

const bad: [declarations: string, fault: string][] = [
  [
    "pools:\n  api: { slots: many }\n",
    "airflow.yaml:2: pools.api.slots is many; expected a whole number from -1 to 1000000",
  ],
  [
    "variable: {}\n",
    "airflow.yaml:1: variable is unknown; did you mean variables? expected connections, variables, pools, users",
  ],
  [
    "users:\n  ann:\n    password: in plain text\n",
    "airflow.yaml:3: users.ann.password is [plaintext]; expected { file: PATH } or, in a cluster, { secret: NAME, key: KEY }; an encrypted value belongs in the stack file",
  ],
  [
    "users:\n  ann: { role: User }\n",
    "airflow.yaml:2: users.ann.password is not given; expected { file: PATH } or, in a cluster, { secret: NAME, key: KEY }; an encrypted value belongs in the stack file",
  ],
  [
    "users:\n  ann: { password: [a] }\n",
    "airflow.yaml:2: users.ann.password is {…}; expected { file: PATH } or, in a cluster, { secret: NAME, key: KEY }; an encrypted value belongs in the stack file",
  ],
  [
    "airflow:pools: {}\n",
    "airflow.yaml:1: airflow:pools is unknown; did you mean pools? expected connections, variables, pools, users",
  ],
  [
    "connections:\n  db: { host: h }\n",
    "airflow.yaml:2: connections.db.type is not given; expected Airflow's connection type (postgres, http, aws), or a uri instead of all parts",
  ],
  [
    "variables:\n  x: { file: no/such }\n",
    `airflow.yaml:2: variables.x.file is {…}; expected a file, relative to Pulumi.yaml; there is none at ${project}/no/such`,
  ],
  [
    "users:\n  ann: { password: { secure: cipher } }\n",
    "airflow.yaml:2: users.ann.password is {…}; expected { file: PATH } or, in a cluster, { secret: NAME, key: KEY }; an encrypted value belongs in the stack file",
  ],
  [
    "variables:\n  x: { secure: cipher }\n",
    "airflow.yaml:2: variables.x is {…}; expected { file: PATH } or, in a cluster, { secret: NAME, key: KEY }; an encrypted value belongs in the stack file",
  ],
  [
    "- pools\n",
    "airflow.yaml:1: holds no declarations; expected connections, variables, pools, users, each with names",
  ],
];

test("a file without a path is one fault, and no warning of Node.js", (t) => {
  const warnings = t.mock.method(process, "emitWarning", () => {});
  assert.throws(
    () => both("", "variables:\n  c: { file: }\n"),
    /1 fault\(s\):\n {2}airflow\.yaml:2: variables\.c\.file is empty; expected the path of a file/,
  );
  assert.deepEqual(warnings.mock.calls, []);
});

test("faults of a file that is no YAML stand beside those of the stack", () => {
  assert.throws(
    () => both("  airflow:workers: -1\n", "pools:\n\tapi: {}\n"),
    (error: Error) => {
      const lines = error.message.split("\n").slice(1);
      assert.deepEqual(lines, [
        "  airflow.yaml:2: is not YAML: a tab indents the line; expected spaces",
        `  ${join(folder, "stack.yaml")}:3: workers is -1; expected a whole number from 0 to 1000`,
      ]);
      return true;
    },
  );
});

test("a user who could only be deactivated is active once declared again", async () => {
  await run("python3", ["test/unit/components/declare.py"]);
});

for (const [declarations, fault] of bad) {
  test(`a fault in a file of declarations: ${fault}`, () => {
    assert.throws(
      () => both("  airflow:variables: { a: one }\n", declarations),
      (error: Error) => {
        assert.deepEqual(error.message.split("\n").slice(1), [`  ${fault}`]);
        return true;
      },
    );
  });
}
