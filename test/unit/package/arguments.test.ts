import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { claimDeployment } from "../../../package/airflowStack.ts";
import { asTexts, resolveArguments } from "../../../package/arguments.ts";
import { settingsFromArguments } from "../../../settings/read/arguments.ts";

const word = randomBytes(9).toString("hex");
const place = "AirflowStack airflow";

await pulumi.runtime.setMocks({
  newResource: ({ inputs, name }) => ({ id: name, state: inputs }),
  call: () => ({}),
});

class Database extends pulumi.CustomResource {
  declare readonly host: pulumi.Output<string>;
  constructor(name: string) {
    super("other:index:Database", name, { host: "db.example.com" });
  }
}

test("outputs are resolved, with the paths of their secrets and the resources that they come from", async () => {
  const database = new Database("database");
  const { values, secret, unknown, sources } = await resolveArguments(place, {
    workers: pulumi.output(3),
    labels: { team: database.host },
    secrets: { adminPassword: pulumi.secret(word) },
    connections: pulumi.secret({ db: { type: "http", host: "h", password: word } }),
  });
  assert.deepEqual(values, {
    workers: 3,
    labels: { team: "db.example.com" },
    secrets: { adminPassword: word },
    connections: { db: { type: "http", host: "h", password: word } },
  });
  assert.deepEqual(secret, [["secrets", "adminPassword"], ["connections"]]);
  assert.deepEqual(unknown, []);
  assert.deepEqual(sources, [database]);
  assert.equal(asTexts(values).labels, '{"team":"db.example.com"}');
});

test("a value counts as secret if the value, or an object around it, is marked as secret", () => {
  const values = { secrets: { adminPassword: word }, connections: { db: { type: "http", password: word } } };
  const secret = [["secrets", "adminPassword"], ["connections"]];
  assert.equal(settingsFromArguments({ values, secret }, place).secrets.adminPassword, word);
});

test("all faults of the arguments are reported together, with the component's name and fixes for a program", () => {
  const values = { workers: -1, wrokers: 1, flowerPort: 5555, secrets: { adminPassword: word } };
  assert.throws(
    () => settingsFromArguments({ values, secret: [["flowerPort"]] }, place),
    ({ message }: Error) => {
      const [, ...lines] = message.split("\n  ");
      assert.deepEqual(
        lines.map((line) => line.replace(/expected platform, .*/, "expected platform, …")),
        [
          "AirflowStack airflow: flowerPort is [secret]; nothing keeps a value secret here: expected a plain value",
          "AirflowStack airflow: secrets.adminPassword is [plaintext]; expected a secret output: pulumi.secret(…), or a secret of the configuration",
          "AirflowStack airflow: workers is -1; expected a whole number from 0 to 1000",
          "AirflowStack airflow: wrokers is unknown; did you mean workers? expected platform, …",
        ],
      );
      return true;
    },
  );
});

test("a second AirflowStack in a deployment is refused", () => {
  const deployment = {};
  claimDeployment(deployment, "airflow");
  claimDeployment(deployment, "airflow");
  claimDeployment({}, "second");
  assert.throws(
    () => claimDeployment(deployment, "second"),
    /AirflowStack second: this Pulumi stack has the AirflowStack airflow already; expected one\. .*pulumi stack init NAME/,
  );
});
