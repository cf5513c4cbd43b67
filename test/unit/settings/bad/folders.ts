import { project } from "../../../../tools/lib/process.ts";
import type { BadRow } from "./rows.ts";

const directory = "expected a directory that holds only what the stack needs";
const file = "expected a file that holds only what the stack needs";
const whole = `it holds the project, with the key of all secrets in .state: ${directory}`;

/** Folders and files that must not be mounted, sent or built. */
export const folders: readonly BadRow[] = [
  {
    name: "folders that hold the project",
    config: `config:
  airflow:dags: .
  airflow:machines: [{ name: a, docker: "tcp://a:2376", address: 10.0.0.1, certificates: / }]
`,
    says: [`2: dags is .; ${whole}`, `3: machines[0].certificates is /; ${whole}`],
    expressible: false,
  },
  {
    name: "the folder above the project",
    config: `config:
  airflow:dags: ..
`,
    says: [`2: dags is ..; ${whole}`],
    expressible: false,
  },
  {
    name: "empty paths",
    config: `config:
  airflow:dags: ""
  airflow:requirements: ""
`,
    says: [
      "2: dags is empty text; expected the path of a directory, relative to Pulumi.yaml",
      "3: requirements is empty text; expected the path of a file, relative to Pulumi.yaml",
    ],
    expressible: true,
  },
  {
    name: "paths as shells and Windows write them",
    config: `config:
  airflow:dags: ~/dags
  airflow:plugins: $HOME/plugins
  airflow:config: C:\\team\\config
`,
    says: [
      "2: dags is ~/dags; expected a directory, relative to Pulumi.yaml; only a shell replaces ~: write the whole path",
      "3: plugins is $HOME/plugins; expected a directory, relative to Pulumi.yaml; only a shell replaces $HOME: write the whole path",
      `4: config is C:\\team\\config; expected a directory, relative to Pulumi.yaml; there is none at ${project}/C:\\team\\config`,
    ],
    expressible: false,
  },
  {
    name: "folders of the program",
    config: `config:
  airflow:dags: settings/schema
  airflow:dagsImage: registry.example.com/team/dags
`,
    says: [`2: dags is settings/schema; it is in settings/, which belongs to the program: ${directory}`],
    expressible: false,
  },
  {
    name: "a state, and a folder with one in it",
    config: `config:
  airflow:dags: test/unit/settings/bad/files/clone
  airflow:requirements: test/unit/settings/bad/files/clone/.state/key
  airflow:secrets: { adminPassword: { file: test/unit/settings/bad/files/clone/.state/key } }
`,
    says: [
      `2: dags is test/unit/settings/bad/files/clone; it contains ${project}/test/unit/settings/bad/files/clone/.state, with the key of all secrets: ${directory}`,
      `3: requirements is test/unit/settings/bad/files/clone/.state/key; it is in .state, with the key of all secrets: ${file}`,
      `4: secrets.adminPassword is {…}; it is in .state, with the key of all secrets: ${file}`,
    ],
    expressible: false,
  },
  {
    name: "paths without a file",
    config: `config:
  airflow:secrets: { adminPassword: { file: no/such }, fernetKey: { file: dags } }
  airflow:requirements: dags
  airflow:dags: package.json
  airflow:variables: { a: { file: no/such }, b: { file: /no/such }, c: { file: /etc } }
  airflow:connections: { a: { type: http, extra: { file: no/such } } }
  airflow:proxy: { no: here }
`,
    says: [
      `2: secrets.adminPassword is {…}; expected a file, relative to Pulumi.yaml; there is none at ${project}/no/such`,
      `2: secrets.fernetKey is {…}; expected a file, relative to Pulumi.yaml; ${project}/dags is a directory`,
      `3: requirements is dags; expected a file, relative to Pulumi.yaml; ${project}/dags is a directory`,
      `4: dags is package.json; expected a directory, relative to Pulumi.yaml; ${project}/package.json is a file`,
      `5: variables.a.file is {…}; expected a file, relative to Pulumi.yaml; there is none at ${project}/no/such`,
      "5: variables.b.file is {…}; expected a file, relative to Pulumi.yaml; there is none at /no/such",
      "5: variables.c.file is {…}; expected a file, relative to Pulumi.yaml; /etc is a directory",
      `6: connections.a.extra.file is {…}; expected a file, relative to Pulumi.yaml; there is none at ${project}/no/such`,
      "7: proxy.no is text; expected a list of host names, domains and addresses",
    ],
    expressible: true,
  },
];
