import type { BadRow } from "./rows.ts";

const secretForms =
  "expected { secure: … }, as npm run secret writes it, { file: PATH } or { secret: NAME, key: KEY }";

/** Secrets in the wrong place, none of which is shown. */
export const shown: readonly BadRow[] = [
  {
    name: "a password behind a login",
    config: `config:
  airflow:adminUser: name:hunter2
`,
    says: [
      "2: adminUser is name…; expected letters, digits, '_', '.', '@', '+' and '-', a letter first, 64 at most",
    ],
    expressible: true,
  },
  {
    name: "numbers in other notations, and keys that look like no word",
    config: `config:
  airflow:workers: 0o7
  airflow:schedulers: 0x10
  airflow:webservers: 1e3
  airflow:workerCpu: 2_0
  airflow:login: { oidc: { issuer: https://login.example.com, clientId: "", clientSecret: { secure: "v1:a:b" } }, roles: { a: User } }
  airflow:settings: { core: { parallelism: 0x10 } }
`,
    says: [
      "2: workers is 0o7; expected a whole number from 0 to 1000",
      "3: schedulers is 0x10; expected a whole number from 1 to 10",
      "4: webservers is 1000; expected a whole number from 1 to 10",
      "5: workerCpu is 2_0; expected a number of cores from 0.1 to 1024",
      "6: login.oidc.clientId is empty text; expected text",
      "7: settings.core.parallelism is 0x10; expected a whole number from 1 to 999999999",
    ],
    expressible: true,
  },
  {
    name: "a password with a slash, and with an at sign, in a URL",
    config: `config:
  airflow:dagsGit: { url: "https://ann:s3/cr@et@git.example.com/dags.git" }
  airflow:proxy: { http: "http://ann:s3/cret@proxy.example.com:3128" }
`,
    says: [
      "2: dagsGit.url is https://…@git.example.com/dags.git; expected the http or https URL of a Git repository, without a login and parameters, or ssh://git@git.example.com/team/dags.git",
      "3: proxy.http is http://…@proxy.example.com:3128; expected http://HOST:PORT, without a login",
    ],
    expressible: true,
  },
  {
    name: "a token as the user of a URL",
    config: `config:
  airflow:dagsGit: { url: "https://hunter2@git.example.com/dags.git" }
`,
    says: [
      "2: dagsGit.url is https://…@git.example.com/dags.git; expected the http or https URL of a Git repository, without a login and parameters, or ssh://git@git.example.com/team/dags.git",
    ],
    expressible: true,
  },
  {
    name: "a text where an object with a secret belongs",
    config: `config:
  airflow:postgres: postgresql://u:hunter2@h/d
  airflow:users: { ada: hunter2 }
`,
    says: [
      "2: postgres is text; expected an object with memory, settings, url, resultsUrl, ca",
      "3: users.ada is text; expected an object with role, email, firstName, lastName, password",
    ],
    expressible: true,
  },
  {
    name: "a secret as a name",
    config: `config:
  airflow:secrets: { h3Kd92mzPq7Lw0: }
`,
    says: [
      "2: secrets.… is unknown; expected adminPassword, brokerPassword, fernetKey, jwtSecret, apiSecretKey, metadataPassword, resultsPassword, postgresPassword, backupKey",
    ],
    expressible: true,
  },
  {
    name: "a list where a secret belongs",
    config: `config:
  airflow:secrets: { adminPassword: [hunter2] }
`,
    says: [`2: secrets.adminPassword is {…}; ${secretForms}`],
    expressible: true,
  },
];
