import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cluster } from "../../cluster.ts";
import type { Config } from "../../settingsFrom.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";
import { faults } from "./refusals.ts";

const folder = temporaryFolder("sizes");

/** Writes a file with this many bytes. */
function fileOf(size: number, letter = "x"): string {
  const file = join(folder, `${letter}${size}`);
  writeFileSync(file, letter.repeat(size / Buffer.byteLength(letter)));
  return file;
}

/** Largest value of a variable of three letters, which has `=` and an end besides. */
const most = 131_072 - 5;

function env(size: number, role = "all"): Config {
  return { roles: { [role]: { env: { BIG: "x".repeat(size) } } } };
}

/** Returns variables of a role that have this many bytes together. */
function many(bytes: number, role = "all"): Config {
  const names = Array.from({ length: 10 }, (_, at) => `A${at}`);
  const length = bytes / names.length - 4;
  return { roles: { [role]: { env: Object.fromEntries(names.map((name) => [name, "x".repeat(length)])) } } };
}

/** Returns files of a role, each of the same size. */
function files(count: number, size: number): Config {
  const all = Array.from({ length: count }, (_, at) => [`/opt/models/${at}`, fileOf(size)]);
  return { roles: { worker: { files: Object.fromEntries(all) } } };
}

function secretFiles(count: number, size: number): Config {
  const all = Array.from({ length: count }, (_, at) => [`s${at}`, { file: fileOf(size) }]);
  return { roles: { worker: { secretFiles: Object.fromEntries(all) } } };
}

const room = 1_048_576 - 88_576;

/** A stack at a limit, one byte or entry above it, and the fault of the latter. */
const rows: readonly (readonly [name: string, fits: Config, tooLarge: Config, fault: string])[] = [
  [
    "a variable",
    env(most),
    env(most + 1),
    "roles.all.env.BIG is {…}; as the variable BIG it has 131073 bytes, and Linux allows at most 131072 for one: expected a shorter value, or a file of roles.all.files and its path",
  ],
  [
    "a variable of letters of two bytes",
    { roles: { worker: { env: { BIG: `${"ü".repeat(65_533)}x` } } } },
    { roles: { worker: { env: { BIG: "ü".repeat(65_534) } } } },
    "roles.worker.env.BIG is {…}; as the variable BIG it has 131073 bytes, and Linux allows at most 131072 for one: expected a shorter value, or a file of roles.worker.files and its path",
  ],
  [
    "a setting",
    { settings: { email: { from_email: "x".repeat(131_072 - 28) } } },
    { settings: { Email: { From_Email: "x".repeat(131_072 - 27) } } },
    "settings.Email.From_Email is {…}; as the variable AIRFLOW__EMAIL__FROM_EMAIL it has 131073 bytes, and Linux allows at most 131072 for one: expected a shorter value",
  ],
  [
    "all variables of a role",
    many(room, "worker"),
    many(room + 10, "worker"),
    "roles.worker.env is {…}; settings and variables of the role have 960010 bytes together: expected at most 960000; longer texts belong in roles.worker.files",
  ],
  [
    "the files of a role in a cluster",
    { ...cluster, ...files(15, 64_000) },
    { ...cluster, ...files(16, 60_001) },
    "roles.worker.files is {…}; with plugins and config the files of the role have 960016 bytes, and a cluster keeps them in one ConfigMap: expected at most 960000; more belongs in the image, see images.airflow",
  ],
  [
    "the secrets of a role in a cluster",
    { ...cluster, ...secretFiles(10, 96_000) },
    { ...cluster, ...secretFiles(10, 96_001) },
    "roles.worker.secretFiles is {…}; the secrets of the role have 960010 bytes, and a cluster keeps them in one Secret: expected at most 960000; more belongs in a volume",
  ],
  [
    "declarations in a cluster",
    { ...cluster, variables: { small: "x", large: { file: fileOf(room - 13) } } },
    { ...cluster, variables: { small: "x", large: { file: fileOf(room - 12) } } },
    "variables.large is {…}; it has 959993 of the 960001 bytes of all connections, variables, pools and users, which a cluster keeps in one Secret: expected at most 960000 together; more belongs in a file that DAGs read",
  ],
  [
    "annotations of pods",
    { ...cluster, roles: { worker: { pod: { annotations: { note: "x".repeat(262_140) } } } } },
    { ...cluster, roles: { worker: { pod: { annotations: { note: "x".repeat(262_141) } } } } },
    "roles.worker.pod.annotations is {…}; they have 262145 bytes, and a cluster takes at most 262144 for one object: expected shorter ones",
  ],
  [
    "annotations of the service account",
    { ...cluster, kubernetes: { serviceAccount: { annotations: { note: "x".repeat(262_140) } } } },
    { ...cluster, kubernetes: { serviceAccount: { annotations: { note: "x".repeat(262_141) } } } },
    "kubernetes.serviceAccount.annotations is {…}; they have 262145 bytes, and a cluster takes at most 262144 for one object: expected shorter ones",
  ],
];

for (const [name, fits, tooLarge, fault] of rows)
  test(`${name}: the limit fits, and more is refused`, () => {
    assert.deepEqual(faults(fits), []);
    assert.deepEqual(faults(tooLarge), [fault]);
  });

test("settings count towards the variables of each role", () => {
  const long = "x".repeat(100_000);
  const settings = { email: { from_email: long }, api: { instance_name: long } };
  const lines = faults({ ...many(790_000, "worker"), settings });
  assert.equal(lines.length, 1);
  assert.match(
    lines[0] ?? "",
    /^roles\.worker\.env is \{…\}; settings and variables of the role have 99\d{4} bytes/,
  );
});

test("large files with a ConfigMap of their own do not count, and Docker has no such limit", () => {
  assert.deepEqual(faults({ ...cluster, ...files(16, 65_537) }), []);
  assert.deepEqual(faults(files(16, 60_001)), []);
  assert.deepEqual(faults(secretFiles(10, 96_001)), []);
  assert.deepEqual(faults({ variables: { large: { file: fileOf(room + 10) } } }), []);
});

test("authorities that exceed a ConfigMap of a cluster are refused", () => {
  const pem = fileOf(800_000, "p");
  const lines = faults({ ...cluster, caCertificates: [pem] });
  assert.ok(
    lines.some((fault) =>
      fault.endsWith(
        "its certificates have 800000 bytes, and a cluster keeps them in one ConfigMap: expected at most 786432: only the authorities that are needed",
      ),
    ),
    lines.join("\n"),
  );
});
