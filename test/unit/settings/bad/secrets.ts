import type { BadRow } from "./rows.ts";

/** Secrets that anybody could guess, and URLs containing secrets. */
export const secrets: readonly BadRow[] = [
  {
    name: "well-known passwords",
    config: `config:
  airflow:secrets:
    adminPassword: { file: test/unit/settings/bad/files/known }
    brokerPassword: { file: test/unit/settings/bad/files/counted }
    metadataPassword: { file: test/unit/settings/bad/files/short }
    resultsPassword: { file: test/unit/settings/bad/files/empty }
    postgresPassword: { file: test/unit/settings/bad/files/repeated }
`,
    says: [
      "3: secrets.adminPassword is {…}; it is well known: expected a password of at least 8 characters that nobody guesses; openssl rand -hex 24 makes one",
      "4: secrets.brokerPassword is {…}; it is well known: expected a password of at least 8 characters that nobody guesses; openssl rand -hex 24 makes one",
      "5: secrets.metadataPassword is {…}; it has 7 characters: expected a password of at least 8 characters that nobody guesses; openssl rand -hex 24 makes one",
      "6: secrets.resultsPassword is {…}; expected printable ASCII characters, without spaces",
      "7: secrets.postgresPassword is {…}; it is well known: expected a password of at least 8 characters that nobody guesses; openssl rand -hex 24 makes one",
    ],
    expressible: false,
  },
  {
    name: "a well-known password of a user",
    config: `config:
  airflow:users:
    ada: { password: { file: test/unit/settings/bad/files/known } }
`,
    says: [
      "3: users.ada.password is {…}; it is well known: expected a password of at least 8 characters that nobody guesses; openssl rand -hex 24 makes one",
    ],
    expressible: false,
  },
  {
    name: "a fernet key from an example",
    config: `config:
  airflow:secrets: { fernetKey: { file: test/unit/settings/bad/files/fernet-published } }
`,
    says: [
      "2: secrets.fernetKey is {…}; it is in public examples, so everybody can decrypt values with it: expected a key of your own; openssl rand -base64 32 | tr +/ -_ makes one",
    ],
    expressible: false,
  },
  {
    name: "a malformed fernet key",
    config: `config:
  airflow:secrets: { fernetKey: { file: test/unit/settings/bad/files/fernet-wrong } }
`,
    says: [
      "2: secrets.fernetKey is {…}; expected a fernet key: openssl rand -base64 32 | tr +/ -_ makes one",
    ],
    expressible: false,
  },
  {
    name: "several fernet keys, one from an example",
    config: `config:
  airflow:secrets: { fernetKey: { file: test/unit/settings/bad/files/fernet-several } }
`,
    says: [
      "2: secrets.fernetKey is {…}; it is in public examples, so everybody can decrypt values with it: expected a key of your own; openssl rand -base64 32 | tr +/ -_ makes one",
    ],
    expressible: false,
  },
  {
    name: "signing keys from examples",
    config: `config:
  airflow:secrets:
    jwtSecret: { file: test/unit/settings/bad/files/key-published }
    apiSecretKey: { file: test/unit/settings/bad/files/key-example }
`,
    says: [
      "3: secrets.jwtSecret is {…}; expected an Ed25519 private key in PEM, with all its lines: openssl genpkey -algorithm ed25519 makes one",
      "4: secrets.apiSecretKey is {…}; it is from an example, so everybody can sign with it: expected at least 32 characters that nobody guesses; openssl rand -hex 32 makes them",
    ],
    expressible: false,
  },
  {
    name: "a short signing key",
    config: `config:
  airflow:secrets: { apiSecretKey: { file: test/unit/settings/bad/files/key-short } }
`,
    says: [
      "2: secrets.apiSecretKey is {…}; it has 6 characters: expected at least 32 characters that nobody guesses; openssl rand -hex 32 makes them",
    ],
    expressible: false,
  },
  {
    name: "a database URL with another scheme",
    config: `config:
  airflow:postgres: { url: { file: test/unit/settings/bad/files/url-mysql } }
`,
    says: [
      "2: postgres.url is {…}; its scheme is mysql: expected postgresql or postgresql+psycopg2, as in postgresql://USER:PASSWORD@HOST:5432/DATABASE",
    ],
    expressible: false,
  },
  {
    name: "a database whose password is not escaped",
    config: `config:
  airflow:postgres: { url: { file: test/unit/settings/bad/files/url-raw } }
`,
    says: [
      "2: postgres.url is {…}; its login has characters that mean something else in a URL: expected letters, digits and -._~, with all others escaped: %40 for @, %2F for /, %3A for :",
    ],
    expressible: false,
  },
  {
    name: "a database without a password, and a database with a well-known password",
    config: `config:
  airflow:postgres:
    url: { file: test/unit/settings/bad/files/url-open }
    resultsUrl: { file: test/unit/settings/bad/files/url-known }
`,
    says: [
      "3: postgres.url is {…}; it has no password: expected postgresql://USER:PASSWORD@HOST:5432/DATABASE",
      "4: postgres.resultsUrl is {…}; its password is well known: expected a password of at least 8 characters that nobody guesses; openssl rand -hex 24 makes one",
    ],
    expressible: false,
  },
  {
    name: "a broker with a well-known password",
    config: `config:
  airflow:redis: { url: { file: test/unit/settings/bad/files/url-redis-known } }
`,
    says: [
      "2: redis.url is {…}; its password is well known: expected a password of at least 8 characters that nobody guesses; openssl rand -hex 24 makes one",
    ],
    expressible: false,
  },
  {
    name: "a broker URL with another scheme",
    config: `config:
  airflow:redis: { url: { file: test/unit/settings/bad/files/url-amqp } }
`,
    says: [
      "2: redis.url is {…}; its scheme is amqp: expected redis or rediss, as in rediss://USER:PASSWORD@HOST:6379/0",
    ],
    expressible: false,
  },
  {
    name: "a broker without a host",
    config: `config:
  airflow:redis: { url: { file: test/unit/settings/bad/files/url-nowhere } }
`,
    says: ["2: redis.url is {…}; it has no host: expected rediss://USER:PASSWORD@HOST:6379/0"],
    expressible: false,
  },
  {
    name: "malformed URLs of connections",
    config: `config:
  airflow:connections:
    one: { uri: { file: test/unit/settings/bad/files/url-none } }
    two: { uri: { file: test/unit/settings/bad/files/url-space } }
`,
    says: [
      "3: connections.one.uri is {…}; it is not a URL: expected TYPE://LOGIN:PASSWORD@HOST:PORT/SCHEMA",
      "4: connections.two.uri is {…}; its login has characters that mean something else in a URL: expected letters, digits and -._~, with all others escaped: %40 for @, %2F for /, %3A for :",
    ],
    expressible: false,
  },
];
