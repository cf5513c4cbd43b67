import { roles } from "../../../../roles.ts";
import { kubernetes } from "../../../../settings/schema/kubernetes.ts";
import { schema } from "../../../../settings/schema/schema.ts";
import { project } from "../../../../tools/lib/process.ts";
import { cluster } from "./cluster.ts";
import { deliveries } from "./deliveries.ts";
import { folders } from "./folders.ts";
import { grammars } from "./grammars.ts";
import { names } from "./names.ts";
import { numbers } from "./numbers.ts";
import { buckets, bundles, outside } from "./outside.ts";
import { pastTheStack } from "./pastTheStack.ts";
import { proxies } from "./proxies.ts";
import { refusals } from "./refusals.ts";
import { secrets } from "./secrets.ts";
import { servers } from "./servers.ts";
import { several } from "./several.ts";
import { shown } from "./shown.ts";
import { otherReaders } from "./yaml/otherReaders.ts";
import { prefixes } from "./yaml/prefixes.ts";
import { syntax } from "./yaml/syntax.ts";

/** Stack file that is refused, with its faults. */
export interface BadRow {
  readonly name: string;
  /** Text of the stack file. */
  readonly config: string;
  /** Every fault in order, as printed, without the file name: `2: workers is two; expected …`. */
  readonly says: readonly string[];
  /** True if the JSON Schema, and so an editor, rejects the file; otherwise the schema must accept it. */
  readonly expressible: boolean;
}

/** Roles that a stack may place on a machine. */
const placed = ["postgres", "redis", "pgbouncer", ...roles.filter((role) => role !== "worker")];

export const rows: readonly BadRow[] = [
  {
    name: "workers: two",
    config: `config:
  airflow:workers: two
`,
    says: ["2: workers is two; expected a whole number from 0 to 1000"],
    expressible: true,
  },
  {
    name: "workers: -1",
    config: `config:
  airflow:workers: -1
`,
    says: ["2: workers is -1; expected a whole number from 0 to 1000"],
    expressible: true,
  },
  {
    name: "workers: 1.5",
    config: `config:
  airflow:workers: 1.5
`,
    says: ["2: workers is 1.5; expected a whole number from 0 to 1000"],
    expressible: true,
  },
  {
    name: "workerConcurrency: 0",
    config: `config:
  airflow:workerConcurrency: 0
`,
    says: ["2: workerConcurrency is 0; expected a whole number from 1 to 1000"],
    expressible: true,
  },
  {
    name: "webserverPort: 65536",
    config: `config:
  airflow:webserverPort: 65536
`,
    says: ["2: webserverPort is 65536; expected a whole number from 1 to 65535"],
    expressible: true,
  },
  {
    name: "flowerPort: 8080",
    config: `config:
  airflow:flowerPort: 8080
`,
    says: [
      "2: flowerPort is 8080; the webserver has ports 8080 to 8080, and Flower 8080: expected different ports",
    ],
    expressible: false,
  },
  {
    name: "backups without a unit of time, without a copy to keep, and to an unsupported store",
    config: `config:
  airflow:backup: { every: 5, keep: 0, to: gs://bucket/airflow }
`,
    says: [
      "2: backup.every is 5; expected whole minutes or hours, 9999h at most: 5m, 1h",
      "2: backup.keep is 0; expected a whole number from 1 to 1000",
      "2: backup.to is gs://bucket/airflow; expected volume, the absolute path of a directory on the machine of the database, or s3://BUCKET/PREFIX",
    ],
    expressible: true,
  },
  {
    name: "canary.every: 5",
    config: `config:
  airflow:canary: { every: 5 }
`,
    says: ["2: canary.every is 5; expected whole minutes or hours, 9999h at most: 5m, 1h"],
    expressible: true,
  },
  {
    name: "retention.logs: false",
    config: `config:
  airflow:retention: { logs: false }
`,
    says: ["2: retention.logs is false; expected whole days, 9999d at most, or never: 30d"],
    expressible: true,
  },
  {
    name: "adminUser: a b",
    config: `config:
  airflow:adminUser: a b
`,
    says: [
      "2: adminUser is a…; expected letters, digits, '_', '.', '@', '+' and '-', a letter first, 64 at most",
    ],
    expressible: true,
  },
  {
    name: "dags: no/such",
    config: `config:
  airflow:dags: no/such
`,
    says: [
      `2: dags is no/such; expected a directory, relative to Pulumi.yaml; there is none at ${project}/no/such`,
    ],
    expressible: false,
  },
  {
    name: 'images: {"mysql":"x"}',
    config: `config:
  airflow:images: { mysql: x }
`,
    says: [
      "2: images.mysql is unknown; expected airflow, postgres, redis, gateway, pgbouncer, backup, monitoring",
    ],
    expressible: true,
  },
  {
    name: 'settings: {"core":1}',
    config: `config:
  airflow:settings: { core: 1 }
`,
    says: [
      "2: settings.core is {…}; expected sections of airflow.cfg, each with keys and their values: { core: { parallelism: 32 } }",
    ],
    expressible: true,
  },
  {
    name: 'settings: {"core":{"a":[]}}',
    config: `config:
  airflow:settings: { core: { a: [] } }
`,
    says: ["2: settings.core.a is {…}; expected text, a number or a boolean"],
    expressible: true,
  },
  {
    name: 'settings: {"Core":{"fernet_key":"s3cret"}}',
    config: `config:
  airflow:settings: { Core: { fernet_key: s3cret } }
`,
    says: ["2: settings.Core.fernet_key is {…}; the stack mints it: expected secrets.fernetKey"],
    expressible: false,
  },
  {
    name: 'images: {"toString":"x"}',
    config: `config:
  airflow:images: { toString: x }
`,
    says: [
      "2: images.toString is unknown; expected airflow, postgres, redis, gateway, pgbouncer, backup, monitoring",
    ],
    expressible: true,
  },
  {
    name: "settings: x",
    config: `config:
  airflow:settings: x
`,
    says: [
      "2: settings is {…}; expected sections of airflow.cfg, each with keys and their values: { core: { parallelism: 32 } }",
    ],
    expressible: true,
  },
  {
    name: "workerMinConcurrency: 5",
    config: `config:
  airflow:workerMinConcurrency: 5
`,
    says: ["2: workerMinConcurrency is 5; expected at most the concurrency, 4"],
    expressible: false,
  },
  {
    name: "platform: podman",
    config: `config:
  airflow:platform: podman
`,
    says: ["2: platform is podman; expected docker or kubernetes"],
    expressible: true,
  },
  {
    name: "schedulers: 0",
    config: `config:
  airflow:schedulers: 0
`,
    says: ["2: schedulers is 0; expected a whole number from 1 to 10"],
    expressible: true,
  },
  {
    name: "kubernetes: {}",
    config: `config:
  airflow:kubernetes: {}
`,
    says: ["2: kubernetes is {…}; it needs platform: kubernetes"],
    expressible: false,
  },
  {
    name: 'machines: {"a":{}}',
    config: `config:
  airflow:machines: { a: {} }
`,
    says: ["2: machines is {…}; expected a list of machines"],
    expressible: true,
  },
  {
    name: "machines: []",
    config: `config:
  airflow:machines: []
`,
    says: ["2: machines is {…}; expected at least one machine"],
    expressible: true,
  },
  {
    name: 'machines: [{"name":"A"}]',
    config: `config:
  airflow:machines: [ { name: A } ]
`,
    says: ["2: machines[0].name is A; expected a-z, 0-9 and '-', a letter first, 32 at most"],
    expressible: true,
  },
  {
    name: 'machines: [{"name":"a","node":"n1"}]',
    config: `config:
  airflow:machines: [ { name: a, node: n1 } ]
`,
    says: [
      "2: machines[0].address is not given; expected the IPv4 address at which the other machines reach it",
      "2: machines[0].docker is not given; expected unix:///PATH, ssh://USER@HOST or tcp://HOST:PORT",
      "2: machines[0].node is n1; it needs platform: kubernetes",
    ],
    expressible: false,
  },
  {
    name: 'machines: [{"name":"a","docker":"podman://x","address":"10.0.0.1"}]',
    config: `config:
  airflow:machines: [ { name: a, docker: podman://x, address: 10.0.0.1 } ]
`,
    says: ["2: machines[0].docker is podman://x; expected unix:///PATH, ssh://USER@HOST or tcp://HOST:PORT"],
    expressible: true,
  },
  {
    name: 'machines: [{"name":"a","docker":"ssh://a"}]',
    config: `config:
  airflow:machines: [ { name: a, docker: ssh://a } ]
`,
    says: [
      "2: machines[0].address is not given; expected the IPv4 address at which the other machines reach it",
    ],
    expressible: false,
  },
  {
    name: 'machines: [{"name":"a","docker":"ssh://a","address":"big"}]',
    config: `config:
  airflow:machines: [ { name: a, docker: ssh://a, address: big } ]
`,
    says: [
      "2: machines[0].address is big; expected the IPv4 address at which the other machines reach it: 10.0.0.11",
    ],
    expressible: true,
  },
  {
    name: 'machines: [{"name":"a","docker":"tcp://a:2376","address":"10.0.0.1"}]',
    config: `config:
  airflow:machines: [ { name: a, docker: tcp://a:2376, address: 10.0.0.1 } ]
`,
    says: [
      "2: machines[0].certificates is not given; tcp:// needs certificates: expected a directory with ca.pem, cert.pem and key.pem",
    ],
    expressible: false,
  },
  {
    name: 'machines: [{"name":"a","docker":"ssh://a","address":"10.0.0.1","certificates":"dags"}]',
    config: `config:
  airflow:machines: [ { name: a, docker: ssh://a, address: 10.0.0.1, certificates: dags } ]
`,
    says: [
      "2: machines[0].certificates is dags; only tcp:// uses certificates: expected no value; remove it",
    ],
    expressible: false,
  },
  {
    name: 'machines: [{"name":"a","docker":"ssh://a","address":"10.0.0.1","workers":{"gpu":1}}]',
    config: `config:
  airflow:machines: [ { name: a, docker: ssh://a, address: 10.0.0.1, workers: { gpu: 1 } } ]
`,
    says: ["2: machines[0].workers.gpu is 1; expected the name of a worker group: default"],
    expressible: false,
  },
  {
    name: 'machines: [{"name":"a","docker":"ssh://a","address":"10.0.0.1","workers":"many"}]',
    config: `config:
  airflow:machines: [ { name: a, docker: ssh://a, address: 10.0.0.1, workers: many } ]
`,
    says: [
      "2: machines[0].workers is many; expected a whole number from 0 to 1000, or one for each group: { default: 4, gpu: 1 }",
    ],
    expressible: true,
  },
  {
    name: 'machines: [{"name":"a","docker":"ssh://a","address":"10.0.0.1"},{"name":"a","docker":"ssh://b","address":"10.0.0.2"}]',
    config: `config:
  airflow:machines: [ { name: a, docker: ssh://a, address: 10.0.0.1 }, { name: a, docker: ssh://b, address: 10.0.0.2 } ]
`,
    says: ["2: machines[1].name is a; machines[0] has the same: expected each machine once"],
    expressible: false,
  },
  {
    name: 'machines: [{"name":"a","docker":"ssh://a","address":"10.0.0.1"},{"name":"b","docker":"ssh://a","address":"10.0.0.1"}]',
    config: `config:
  airflow:machines: [ { name: a, docker: ssh://a, address: 10.0.0.1 }, { name: b, docker: ssh://a, address: 10.0.0.1 } ]
`,
    says: [
      "2: machines[1].address is 10.0.0.1; machines[0] has the same: expected each machine once",
      "2: machines[1].docker is ssh://a; machines[0] has the same: expected each machine once",
    ],
    expressible: false,
  },
  {
    name: 'machines: [{"name":"a","docker":"ssh://a","address":"10.0.0.1","roles":["worker"]}]',
    config: `config:
  airflow:machines: [ { name: a, docker: ssh://a, address: 10.0.0.1, roles: [ worker ] } ]
`,
    says: [
      `2: machines[0].roles[0] is worker; expected ${placed.slice(0, -1).join(", ")} or ${placed.at(-1)}`,
    ],
    expressible: true,
  },
  {
    name: 'machines: [{"name":"a","docker":"ssh://a","address":"10.0.0.1","roles":["flower"]},{"name":"b","docker":"ssh://b","address":"10.0.0.2","roles":["flower"]}]',
    config: `config:
  airflow:machines: [ { name: a, docker: ssh://a, address: 10.0.0.1, roles: [ flower ] }, { name: b, docker: ssh://b, address: 10.0.0.2, roles: [ flower ] } ]
`,
    says: ["2: machines[1].roles[0] is flower; machines[0] has this role too: expected each role once"],
    expressible: false,
  },
  {
    name: 'machines: [{"name":"a","docker":"ssh://a","address":"10.0.0.1"},{"name":"b","docker":"ssh://b","address":"127.0.0.1"}]',
    config: `config:
  airflow:machines: [ { name: a, docker: ssh://a, address: 10.0.0.1 }, { name: b, docker: ssh://b, address: 127.0.0.1 } ]
`,
    says: [
      "2: machines[1].address is 127.0.0.1; expected an address at which the other machines reach this one",
    ],
    expressible: false,
  },
  {
    name: 'workerAutoscale: {"min":0,"max":3}',
    config: `config:
  airflow:workerAutoscale: { min: 0, max: 3 }
`,
    says: ["2: workerAutoscale is {…}; it needs platform: kubernetes"],
    expressible: false,
  },
  {
    name: 'workerGroups: [{"name":"gpu","queues":[]}]',
    config: `config:
  airflow:workerGroups: [ { name: gpu, queues: [] } ]
`,
    says: ["2: workerGroups[0].queues is {…}; expected at least one queue"],
    expressible: true,
  },
  {
    name: 'workerGroups: [{"name":"gpu"}]',
    config: `config:
  airflow:workerGroups: [ { name: gpu } ]
`,
    says: ["2: workerGroups[0].queues is not given; expected a list of queue names"],
    expressible: true,
  },
  {
    name: 'workerGroups: [{"name":"a","queues":["q"],"nodeLabels":{}}]',
    config: `config:
  airflow:workerGroups: [ { name: a, queues: [ q ], nodeLabels: {} } ]
`,
    says: ["2: workerGroups[0].nodeLabels is {…}; it needs platform: kubernetes"],
    expressible: false,
  },
  {
    name: 'workerGroups: [{"name":"a","queues":["q"]},{"name":"a","queues":["q"]}]',
    config: `config:
  airflow:workerGroups: [ { name: a, queues: [ q ] }, { name: a, queues: [ q ] } ]
`,
    says: ["2: workerGroups[1].name is a; expected a name that no machine and no other group has"],
    expressible: false,
  },
  {
    name: "dagsImage: registry/dags:1",
    config: `config:
  airflow:dagsImage: registry/dags:1
`,
    says: [
      "2: dagsImage is registry/dags:1; expected a repository of an image registry, without a tag: registry.example.com/team/dags",
    ],
    expressible: true,
  },
  {
    name: 'dagsGit: {"url":"git@host:dags"}',
    config: `config:
  airflow:dagsGit: { url: git@host:dags }
`,
    says: [
      "2: dagsGit.url is git@host:dags; expected the http or https URL of a Git repository, without a login and parameters, or ssh://git@git.example.com/team/dags.git",
    ],
    expressible: true,
  },
  {
    name: "wrokers: 1",
    config: `config:
  airflow:wrokers: 1
`,
    says: [`2: wrokers is unknown; did you mean workers? expected ${Object.keys(schema.shape).join(", ")}`],
    expressible: true,
  },
  {
    name: "machines with workers on a cluster",
    config: `config:
  airflow:platform: kubernetes
  airflow:dagsImage: r.example.com/dags
  airflow:images: { airflow: r/airflow:1, postgres: r/postgres:1, redis: r/redis:1 }
  airflow:machines: [ { name: a, node: n1, workers: 1 } ]
  airflow:workers: 2
`,
    says: ["6: workers is 2; expected either this or machines, which count workers of their own"],
    expressible: false,
  },
  {
    name: "machines on a cluster without a node and labels",
    config: `config:
  airflow:platform: kubernetes
  airflow:dagsImage: r.example.com/dags
  airflow:images: { airflow: r/airflow:1, postgres: r/postgres:1, redis: r/redis:1 }
  airflow:machines: [ { name: a, workers: 1 } ]
`,
    says: ["5: machines[0] is {…}; expected either node, a node's name, or labels that nodes have"],
    expressible: false,
  },
  {
    name: "machines on a cluster with an address",
    config: `config:
  airflow:platform: kubernetes
  airflow:dagsImage: r.example.com/dags
  airflow:images: { airflow: r/airflow:1, postgres: r/postgres:1, redis: r/redis:1 }
  airflow:machines: [ { name: a, node: n, address: 10.0.0.1 } ]
`,
    says: ["5: machines[0].address is 10.0.0.1; it needs platform: docker"],
    expressible: false,
  },
  {
    name: "machines with workerGroups on a cluster",
    config: `config:
  airflow:platform: kubernetes
  airflow:dagsImage: r.example.com/dags
  airflow:images: { airflow: r/airflow:1, postgres: r/postgres:1, redis: r/redis:1 }
  airflow:machines: [ { name: a, node: n, workers: { gpu: 1 } } ]
  airflow:workerGroups: [ { name: gpu, queues: [ q ], workers: 1 } ]
`,
    says: ["6: workerGroups[0].workers is 1; expected either this or the counts of gpu in machines"],
    expressible: false,
  },
  {
    name: "workerAutoscale with workers on a cluster",
    config: `config:
  airflow:platform: kubernetes
  airflow:dagsImage: r.example.com/dags
  airflow:images: { airflow: r/airflow:1, postgres: r/postgres:1, redis: r/redis:1 }
  airflow:workerAutoscale: { min: 0, max: 3 }
  airflow:workers: 2
`,
    says: ["6: workers is 2; expected either this or workerAutoscale"],
    expressible: false,
  },
  {
    name: "dagsGit beside dagsImage on a cluster",
    config: `config:
  airflow:platform: kubernetes
  airflow:dagsImage: r.example.com/dags
  airflow:images: { airflow: r/airflow:1, postgres: r/postgres:1, redis: r/redis:1 }
  airflow:dagsGit: { url: https://g/d.git }
`,
    says: ["5: dagsGit is {…}; expected either this or dagsImage"],
    expressible: false,
  },
  {
    name: "workerGroups on a cluster with an unknown machine",
    config: `config:
  airflow:platform: kubernetes
  airflow:dagsImage: r.example.com/dags
  airflow:images: { airflow: r/airflow:1, postgres: r/postgres:1, redis: r/redis:1 }
  airflow:workerGroups: [ { name: a, queues: [ q ], machine: b } ]
`,
    says: [
      "5: workerGroups[0].machine is b; expected a name in machines: none, since the stack has no machines",
    ],
    expressible: false,
  },
  {
    name: "workerGroups on a cluster with both workers and autoscale",
    config: `config:
  airflow:platform: kubernetes
  airflow:dagsImage: r.example.com/dags
  airflow:images: { airflow: r/airflow:1, postgres: r/postgres:1, redis: r/redis:1 }
  airflow:workerGroups: [ { name: a, queues: [ q ], workers: 1, autoscale: { min: 0, max: 1 } } ]
`,
    says: ["5: workerGroups[0].workers is 1; expected either this or autoscale"],
    expressible: false,
  },
  {
    name: "webservers with webserverPort on a cluster",
    config: `config:
  airflow:platform: kubernetes
  airflow:dagsImage: r.example.com/dags
  airflow:images: { airflow: r/airflow:1, postgres: r/postgres:1, redis: r/redis:1 }
  airflow:webservers: 3
  airflow:webserverPort: 5554
`,
    says: [
      "6: webserverPort is 5554; the webserver has ports 5554 to 5556, and Flower 5555: expected different ports",
    ],
    expressible: false,
  },
  {
    name: "given secrets in a wrong format",
    config: `config:
  airflow:secrets:
    adminPassword: { file: test/unit/settings/bad/files/comma }
    brokerPassword: { file: test/unit/settings/bad/files/space }
    jwtSecret: { file: test/unit/settings/bad/files/hex }
`,
    says: [
      "3: secrets.adminPassword is {…}; expected printable ASCII characters, without spaces and commas",
      "4: secrets.brokerPassword is {…}; expected printable ASCII characters, without spaces",
      "5: secrets.jwtSecret is {…}; expected an Ed25519 private key in PEM, with all its lines: openssl genpkey -algorithm ed25519 makes one",
    ],
    expressible: false,
  },
  {
    name: "secrets in plain text",
    config: `config:
  airflow:secrets: { adminPassword: s3cret, brokerPassword: { secret: airflow, key: broker } }
  airflow:connections:
    my.db: { type: postgres, host: db, password: s3cret }
  airflow:postgres: { url: "postgresql://airflow:s3cret@db:5432/airflow?sslmode=verify-full" }
  airflow:users: { ann: { password: s3cret } }
`,
    says: [
      "2: secrets.adminPassword is [plaintext]; expected an encrypted value: npm run secret -- secrets.adminPassword --stack NAME writes it",
      "2: secrets.brokerPassword is {…}; a Secret needs platform: kubernetes; on Docker expected { file: PATH }, or the value that npm run secret writes",
      `4: connections["my.db"].password is [plaintext]; expected an encrypted value: npm run secret -- 'connections["my.db"].password' --stack NAME writes it`,
      "5: postgres.url is [plaintext]; expected an encrypted value: npm run secret -- postgres.url --stack NAME writes it",
      "6: users.ann.password is [plaintext]; expected an encrypted value: npm run secret -- users.ann.password --stack NAME writes it",
    ],
    expressible: true,
  },
  {
    name: "encrypted values that nothing would keep secret",
    config: `config:
  airflow:settings: { smtp: { smtp_password: { secure: "v1:ciphertext" } } }
  airflow:roles: { worker: { env: { TOKEN: { secure: "v1:ciphertext" } } } }
`,
    says: [
      "2: settings.smtp.smtp_password is [secret]; nothing keeps a value secret here: expected a plain value",
      "3: roles.worker.env.TOKEN is [secret]; nothing keeps a value secret here: expected a plain value",
    ],
    expressible: true,
  },
  {
    name: "a section that is encrypted as a whole",
    config: `config:
  airflow:settings: { smtp: { secure: "v1:ciphertext" } }
`,
    says: ["2: settings.smtp is [secret]; nothing keeps a value secret here: expected a plain value"],
    expressible: true,
  },
  {
    name: "an encrypted part of a variable",
    config: `config:
  airflow:variables: { login: { user: ann, password: { secure: "v1:ciphertext" } } }
`,
    says: [
      "2: variables.login.password is [secret]; nothing keeps a value secret here: expected a plain value",
    ],
    expressible: true,
  },
  {
    name: "a secret that is a number",
    config: `config:
  airflow:secrets: { adminPassword: 12345 }
`,
    says: [
      "2: secrets.adminPassword is [plaintext]; expected an encrypted value: npm run secret -- secrets.adminPassword --stack NAME writes it",
    ],
    expressible: true,
  },
  {
    name: "a login in a URL, which the fault does not show",
    config: `config:
  airflow:dagsGit: { url: "https://ann:s3cret@git.example.com/dags.git" }
`,
    says: [
      "2: dagsGit.url is https://…@git.example.com/dags.git; expected the http or https URL of a Git repository, without a login and parameters, or ssh://git@git.example.com/team/dags.git",
    ],
    expressible: true,
  },
  {
    name: "names that a stack file does not have",
    config: `confg: {}
config:
  workers: 3
  kubernetes:context: mine
`,
    says: [
      "1: confg is unknown; did you mean config? expected config, environment, secretsprovider, encryptedkey, encryptionsalt",
      "3: workers is without the project's prefix; expected airflow:workers",
      "4: kubernetes:context has no effect; expected airflow:kubernetes: { context: NAME }",
    ],
    expressible: true,
  },
  {
    name: "an empty value",
    config: `config:
  airflow:kubernetes:
  airflow:workers:
`,
    says: [
      `2: kubernetes is empty; expected an object with ${Object.keys(kubernetes.shape).join(", ")}`,
      "3: workers is empty; expected a whole number from 0 to 1000",
    ],
    expressible: true,
  },
  {
    name: "a secret that is both given and generated",
    config: `config:
  airflow:secrets: { brokerPassword: { file: test/unit/settings/bad/files/hex } }
  airflow:secretGenerations: { brokerPassword: 2 }
`,
    says: [
      "3: secretGenerations.brokerPassword is 2; secrets.brokerPassword is given, and a new value there replaces it: expected only one of them",
    ],
    expressible: false,
  },
  ...grammars,
  ...names,
  ...cluster,
  ...deliveries,
  ...numbers,
  ...buckets,
  ...bundles,
  ...outside,
  ...proxies,
  ...refusals,
  ...secrets,
  ...servers,
  ...several,
  ...pastTheStack,
  ...prefixes,
  ...otherReaders,
  ...syntax,
  ...shown,
  ...folders,
];
