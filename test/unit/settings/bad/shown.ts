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
