import type { BadRow } from "./rows.ts";

const files = "test/unit/settings/bad/files";

function row(name: string, config: string, says: readonly string[], expressible = false): BadRow {
  return { name, config: `config:\n${config}`, says, expressible };
}

const mail = "expected one e-mail address, without a name: ops@example.com";
const mailServer = "expected the name and the port of a mail server: mail.example.com:587";
const metrics = "expected the URL of metrics, without a login: http://10.0.0.5:9100/metrics";
const receiver =
  "expected the http or https URL of an OTLP receiver, without a login: http://collector.example.com:4318";
const repository =
  "expected the http or https URL of a Git repository, without a login and parameters, or ssh://git@git.example.com/team/dags.git";
const engine = "expected unix:///PATH, ssh://USER@HOST or tcp://HOST:PORT";
const itself =
  "each container is there itself: expected the name or the address of a host that containers reach, such as that of this machine in its network";
const backups = "expected a directory for nothing but backups, such as /srv/backups";
const ownConfig =
  "login is written to a webserver_config.py of the stack's own: expected only one of them; without login, the file can name a provider";
const belowWebserver = "with login, Flower is below the webserver, at /flower/: expected no value; remove it";
const empty = "its file is empty: expected a file with the secret and nothing else";

/** External addresses that lead nowhere, and malformed values for the servers there. */
export const outside: readonly BadRow[] = [
  row(
    "mail addresses that a server rejects",
    `  airflow:monitoring:
    alerts:
      email: { to: "a@b.test,c@d.test", from: "Ops <ops@b.test>", server: mail.test }
`,
    [
      `4: monitoring.alerts.email.from is Ops <ops@b.test>; ${mail}`,
      `4: monitoring.alerts.email.server is mail.test; ${mailServer}`,
      `4: monitoring.alerts.email.to is a@b.test,c@d.test; ${mail}`,
    ],
    true,
  ),
  row(
    "malformed mail addresses, and a port beyond the last",
    `  airflow:monitoring:
    alerts:
      email: { to: a..b@b.test, from: a@b..test, server: "mail.test:65536" }
`,
    [
      `4: monitoring.alerts.email.from is a@b..test; ${mail}`,
      `4: monitoring.alerts.email.server is mail.test:65536; ${mailServer}`,
      `4: monitoring.alerts.email.to is a..b@b.test; ${mail}`,
    ],
    true,
  ),
  ...(["user", "password"] as const).map((absent) => {
    const given = absent === "user" ? "password" : "user";
    const value = absent === "user" ? '{ secure: "v1:a:b" }' : "ops";
    return row(
      `a login at a mail server without its ${absent}`,
      `  airflow:monitoring: { alerts: { email: { to: a@b.test, from: a@b.test, server: "b.test:25", ${given}: ${value} } } }
`,
      [`2: monitoring.alerts.email.${absent} is not given; monitoring.alerts.email.${given} needs it`],
    );
  }),
  row("alerts without a receiver", "  airflow:monitoring: { alerts: {} }\n", [
    "2: monitoring.alerts is {…}; expected at least one of webhook, slack, email and watchdog",
  ]),
  ...["webhook", "slack", "watchdog"].map((key) =>
    row(
      `a ${key} that is no URL`,
      `  airflow:monitoring: { alerts: { ${key}: { file: ${files}/hook } } }\n`,
      [
        `2: monitoring.alerts.${key} is {…}; it is not a URL: expected http:// or https:// with a host, on one line without white space`,
      ],
    ),
  ),
  row(
    "empty files in the place of secrets",
    `  airflow:monitoring: { alerts: { webhook: { file: ${files}/empty }, slack: { file: ${files}/empty }, watchdog: { file: ${files}/empty } } }
  airflow:tracing: { endpoint: http://a.test:4318, headers: { file: ${files}/empty } }
  airflow:dagsGit: { url: https://git.test/dags.git, password: { file: ${files}/empty } }
  airflow:roles: { all: { secretFiles: { token: { file: ${files}/empty } } } }
  airflow:connections: { a: { type: http, password: { file: ${files}/empty } } }
  airflow:variables: { a: { file: ${files}/empty } }
`,
    [
      ...["slack", "watchdog", "webhook"].map((key) => `2: monitoring.alerts.${key} is {…}; ${empty}`),
      `3: tracing.headers is {…}; ${empty}`,
      `4: dagsGit.password is {…}; ${empty}`,
      `5: roles.all.secretFiles.token is {…}; ${empty}`,
      `6: connections.a.password is {…}; ${empty}`,
      `7: variables.a is {…}; ${empty}`,
    ],
  ),
  row(
    "metrics at no host, and at the monitoring itself",
    `  airflow:monitoring:
    scrape: ["http://a..b/metrics", "http://a.test:65536/", 10.0.0.5:9100, "http://10.0.0.256/", "http://localhost:9100/metrics"]
`,
    [
      `3: monitoring.scrape[0] is http://a..b/metrics; ${metrics}`,
      `3: monitoring.scrape[1] is http://a.test:65536/; ${metrics}`,
      `3: monitoring.scrape[2] is 10.0.0.5:9100; ${metrics}`,
      `3: monitoring.scrape[3] is http://10.0.0.256/; ${metrics}`,
      "3: monitoring.scrape[4] is http://localhost:9100/metrics; the monitoring is there itself: expected the address of another host",
    ],
    true,
  ),
  row(
    "a receiver of spans at no host",
    '  airflow:tracing: { endpoint: "http://:4318" }\n',
    [`2: tracing.endpoint is http://:4318; ${receiver}`],
    true,
  ),
  row(
    "a receiver of spans with its path twice",
    "  airflow:tracing: { endpoint: http://a.test:4318/v1/traces/ }\n",
    [
      "2: tracing.endpoint is http://a.test:4318/v1/traces/; /v1/traces is added to it: expected the URL without this end",
    ],
  ),
  row(
    "a file of headers without any",
    `  airflow:tracing: { endpoint: http://a.test:4318, headers: { file: ${files}/hook } }\n`,
    [
      "2: tracing.headers is {…}; it has no headers: expected NAME=VALUE, several with a comma between them, on one line",
    ],
  ),
  row(
    "a repository with a token in its parameters",
    "  airflow:dagsGit: { url: https://git.test/dags.git?private_token=v1, folder: a/../../b }\n",
    [
      "2: dagsGit.folder is a/../../b; expected a folder of the repository, without .. and white space: airflow/dags",
      `2: dagsGit.url is https://git.test/dags.git?…; ${repository}`,
    ],
    true,
  ),
  row(
    "a key and host keys with which ssh does not log in",
    `  airflow:systemPackages: [openssh-client]
  airflow:dagsGit: { url: "ssh://git@git.test:2222/dags.git", key: { file: ${files}/hook }, knownHosts: ${files}/hosts }
`,
    [
      "3: dagsGit.key is {…}; it is not a private key in PEM with all its lines: expected what ssh-keygen -t ed25519 -N '' writes beside the .pub file",
      `3: dagsGit.knownHosts is ${files}/hosts; it has no key of git.test: expected what ssh-keyscan -p 2222 git.test prints`,
    ],
  ),
  row(
    "Secrets of a cluster on an engine, for keys beside secrets",
    `  airflow:monitoring: { alerts: { webhook: { secret: hooks, key: url } } }
  airflow:tracing: { endpoint: http://a.test:4318, headers: { secret: otlp, key: headers } }
`,
    [
      "2: monitoring.alerts.webhook is {…}; a Secret needs platform: kubernetes; on Docker expected { file: PATH }, or the value that npm run secret writes",
      "3: tracing.headers is {…}; a Secret needs platform: kubernetes; on Docker expected { file: PATH }, or the value that npm run secret writes",
    ],
  ),
  row(
    "addresses that lead to each container itself",
    `  airflow:tracing: { endpoint: http://localhost:4318 }
  airflow:dagsGit: { url: https://127.0.0.1:3000/dags.git }
  airflow:proxy: { http: http://localhost:3128, https: http://127.0.0.1:3128 }
  airflow:redis: { url: { file: ${files}/url-itself } }
  airflow:login: { oidc: { issuer: http://localhost:8000, clientId: a, clientSecret: { file: ${files}/hook } }, roles: { a: User } }
`,
    [
      `2: tracing.endpoint is http://localhost:4318; ${itself}`,
      `3: dagsGit.url is https://127.0.0.1:3000/dags.git; ${itself}`,
      `4: proxy.http is http://localhost:3128; ${itself}`,
      `4: proxy.https is http://127.0.0.1:3128; ${itself}`,
      `5: redis.url is {…}; ${itself}`,
      `6: login.oidc.issuer is http://localhost:8000; ${itself}`,
    ],
  ),
  row(
    "providers of logins with malformed addresses, roles that nobody can have, and an empty secret",
    `  airflow:login:
    oidc: { issuer: login.test, clientId: airflow, clientSecret: { file: ${files}/empty }, scopes: [email] }
    ldap: { url: "http://ldap.test", bind: a, password: word, search: b, user: u)id, filter: uid=c }
    roles: { staff: Boss }
`,
    [
      "3: login.oidc.clientSecret is {…}; its file is empty: expected a file with the secret and nothing else",
      "3: login.oidc.issuer is login.test; expected the URL of a provider, without a login: https://login.example.com/realms/team",
      "3: login.oidc.scopes is {…}; expected openid among them",
      "4: login.ldap.bind is a; expected a distinguished name: cn=airflow,dc=example,dc=com",
      "4: login.ldap.filter is uid=c; expected a filter in parentheses: (objectClass=person)",
      "4: login.ldap.password is [plaintext]; expected an encrypted value: npm run secret -- login.ldap.password --stack NAME writes it",
      "4: login.ldap.search is b; expected a distinguished name: ou=people,dc=example,dc=com",
      "4: login.ldap.url is http://ldap.test; expected the URL of a directory: ldaps://ldap.example.com, or ldap:// for StartTLS",
      "4: login.ldap.user is u…; expected the name of an attribute: uid",
      "5: login.roles.staff is Boss; expected Admin, Op, User or Viewer",
    ],
    true,
  ),
  row(
    "two providers of logins beside a webserver_config.py, in the clear",
    `  airflow:production: true
  airflow:images: { airflow: r.test/airflow:3.3.2 }
  airflow:config: test/unit/settings/bad/code/config
  airflow:login:
    oidc: { issuer: http://login.test, clientId: airflow, clientSecret: { file: ${files}/hook } }
    ldap: { url: ldap://ldap.test, bind: cn=a, password: { file: ${files}/hook }, search: ou=b }
    roles: { "cn=staff": User }
  airflow:settings: { fab: { Config_file: /opt/airflow/other.py } }
  airflow:roles: { webserver: { files: { /opt/airflow/other/webserver_config.py: ${files}/hook } } }
`,
    [
      "4: config is config/pooled_connections.py; the stack has a module of this name: expected another name",
      "4: config is test/unit/settings/bad/code/config; its AUTH_ROLE_PUBLIC gives a role to everybody, without a login: expected a file without it, with users for people",
      `4: config is test/unit/settings/bad/code/config; ${ownConfig}`,
      "5: login is {…}; Airflow knows one provider: expected either oidc or ldap",
      "6: login.oidc.issuer is http://login.test; anybody in between could log in as anybody: expected an https URL",
      `9: settings.fab.Config_file is {…}; ${ownConfig}`,
      `10: roles.webserver.files["/opt/airflow/other/webserver_config.py"] is ${files}/hook; ${ownConfig}`,
    ],
  ),
  row(
    "an issuer that stands for many",
    `  airflow:login:
    oidc: { issuer: "https://login.microsoftonline.com/common/v2.0", clientId: a, clientSecret: { file: ${files}/hook } }
    roles: { staff: User }
`,
    [
      "3: login.oidc.issuer is https://login.microsoftonline.com/common/v2.0; it stands for many issuers: expected that of your tenant, https://login.microsoftonline.com/TENANT/v2.0",
    ],
  ),
  row(
    "the address of a provider's description, instead of the provider's",
    `  airflow:login:
    oidc: { issuer: "https://a.test/.well-known/openid-configuration", clientId: a, clientSecret: { file: ${files}/hook } }
    roles: { staff: User }
`,
    [
      "3: login.oidc.issuer is https://a.test/.well-known/openid-configuration; /.well-known/openid-configuration is added to it: expected the URL without this end",
    ],
  ),
  row(
    "a filter without an end",
    `  airflow:login:
    ldap: { url: ldap://ldap.test, bind: a@b.test, password: { file: ${files}/hook }, search: ou=b, filter: "((a=b)" }
    roles: { staff: User }
`,
    ["3: login.ldap.filter is ((a=b); expected as many opening parentheses as closing ones"],
  ),
  row(
    "groups of a directory without their place",
    `  airflow:login:
    ldap: { url: ldap://ldap.test, bind: a@b.test, password: { file: ${files}/hook }, search: ou=b }
    roles: { staff: User }
`,
    [
      "4: login.roles.staff is User; memberOf has distinguished names: expected one, cn=data-team,ou=groups,dc=example,dc=com",
    ],
  ),
  row(
    "addresses of Flower's own beside a login",
    `  airflow:publish: { address: 10.0.0.9, flowerPort: 5443, certificate: ${files}/hook, key: { file: ${files}/hook } }
  airflow:login:
    ldap: { url: ldap://ldap.test, bind: a@b.test, password: { file: ${files}/hook }, search: ou=b }
    roles: { "cn=staff": User }
  airflow:kubernetes: { ingress: { class: nginx, namespace: nginx, webserver: a.test, flower: a.test/flower } }
`,
    [
      `2: publish.certificate is ${files}/hook; there is no certificate in it: expected a certificate and those that lead to its authority, in PEM, valid now, with the key in a file of its own`,
      `2: publish.flowerPort is 5443; ${belowWebserver}`,
      "6: kubernetes is {…}; it needs platform: kubernetes",
      `6: kubernetes.ingress.flower is a.test/flower; ${belowWebserver}`,
    ],
  ),
  row("no provider of logins, and nobody who may log in", "  airflow:login: { roles: {} }\n", [
    "2: login.roles is {…}; expected at least one group with its role",
  ]),
  row("neither provider of logins", "  airflow:login: { roles: { staff: User } }\n", [
    "2: login is {…}; Airflow knows one provider: expected either oidc or ldap",
  ]),
  row(
    "a provider of logins of Airflow 2",
    `  airflow:version: 2.11.2
  airflow:login: { ldap: { url: ldap://ldap.test, bind: cn=a, password: { file: ${files}/hook }, search: ou=b }, roles: { "cn=staff": User } }
`,
    [
      "3: login is {…}; the stack configures no provider of Airflow 2.11.2: expected version 3.3.x, or a webserver_config.py in config",
    ],
  ),
  row(
    "malformed proxies, and malformed hosts to reach directly",
    '  airflow:proxy: { http: http://p.test:65536, https: http://p..test:1, no: [http://a.test, "*.a.test", "*", 10.0.0.0/8] }\n',
    [
      "2: proxy.http is http://p.test:65536; expected http://HOST:PORT, without a login",
      "2: proxy.https is http://p..test:1; expected http://HOST:PORT, without a login",
      "2: proxy.no[0] is http://a.test; expected a host name, a domain, an address or a range of them, without http:// and *: .example.com",
      "2: proxy.no[1] is *.a.test; expected a host name, a domain, an address or a range of them, without http:// and *: .example.com",
    ],
    true,
  ),
  row(
    "machines at impossible addresses, and one engine twice",
    `  airflow:machines:
    - { name: a, docker: ssh://ops@a.test, address: 0.0.0.0 }
    - { name: b, docker: "ssh://ops@a.test:22", address: 224.0.0.1 }
`,
    [
      "3: machines[0].address is 0.0.0.0; expected an address at which the other machines reach this one",
      "4: machines[1].address is 224.0.0.1; expected an address at which the other machines reach this one",
      "4: machines[1].docker is ssh://ops@a.test:22; machines[0] has the same: expected each machine once",
    ],
  ),
  row(
    "engines at no host",
    `  airflow:machines:
    - { name: a, docker: "ssh://a.test:65536", address: 10.0.0.1 }
    - { name: b, docker: "tcp://b.test:0", address: 10.0.0.2 }
    - { name: c, docker: "ssh://-oProxyCommand=id", address: 10.0.0.3 }
`,
    [
      `3: machines[0].docker is ssh://a.test:65536; ${engine}`,
      `4: machines[1].docker is tcp://b.test:0; ${engine}`,
      `5: machines[2].docker is …; ${engine}`,
    ],
    true,
  ),
  ...(
    [
      ["/", "/ contains the engine's socket or keys of the machine"],
      ["/srv/../etc", "/etc contains the engine's socket or keys of the machine"],
      ["/var/lib/docker/backups", "/var/lib/docker belongs to the machine"],
    ] as const
  ).map(([to, why]) =>
    row(`backups to ${to}`, `  airflow:backup: { to: ${to} }\n`, [
      `2: backup.to is ${to}; ${why}: ${backups}`,
    ]),
  ),
];

const bucket = "expected s3://BUCKET/PREFIX";
const bucketName =
  "its bucket cannot have that name: expected 3 to 63 of a-z, 0-9, '-' and single '.', a letter or digit at both ends, and no address";
const beyond = `it has more than a bucket and a prefix: ${bucket}, and a login in backup.accessKey and backup.secretKey`;
const prefix =
  "its prefix has another form: expected letters, digits, '.', '_' and '-', with one '/' between parts: s3://BUCKET/airflow/prod";
const places =
  "expected volume, the absolute path of a directory on the machine of the database, or s3://BUCKET/PREFIX";

/** Object stores for backups. */
export const buckets: readonly BadRow[] = [
  ...(
    [
      ["s3://", "s3://", `it has no bucket: ${bucket}`],
      ["s3:///airflow", "s3:///airflow", `it has no bucket: ${bucket}`],
      ["s3://Backups/airflow", "s3://Backups/airflow", bucketName],
      ["s3://team_backups", "s3://team_backups", bucketName],
      ["s3://te", "s3://te", bucketName],
      ["s3://team..backups", "s3://team..backups", bucketName],
      ["s3://10.0.0.5/airflow", "s3://10.0.0.5/airflow", bucketName],
      ["s3://team//airflow", "s3://team//airflow", prefix],
      ["s3://team/../airflow", "s3://team/../airflow", prefix],
      ["s3://id:w0rd@team/airflow", "s3://…@team/airflow", beyond],
      ["s3://team/airflow?region=eu-1", "s3://team/airflow?…", beyond],
      ["gs://team/airflow", "gs://team/airflow", places],
      ["https://team.s3.amazonaws.com", "https://team.s3.amazonaws.com", places],
    ] as const
  ).map(([to, shown, why]) =>
    row(
      `backups to ${to}`,
      `  airflow:backup: { to: "${to}" }\n`,
      [`2: backup.to is ${shown}; ${why}`],
      !["s3://team..backups", "s3://10.0.0.5/airflow"].includes(to),
    ),
  ),
  row(
    "a bucket with an endpoint, a region and keys of another form",
    `  airflow:backup:
    to: s3://team
    endpoint: https://id:w0rd@s3.test
    region: Frankfurt
    accessKey: { secure: "v1:a:b" }
    secretKey: w0rd
    ca: nowhere.pem
`,
    [
      "4: backup.endpoint is https://…@s3.test; expected the URL of an object store, without a login: https://s3.example.com:9000",
      "5: backup.region is Frankfurt; expected the name of a region: eu-central-1",
      "7: backup.secretKey is [plaintext]; expected an encrypted value: npm run secret -- backup.secretKey --stack NAME writes it",
      `8: backup.ca is nowhere.pem; expected a file, relative to Pulumi.yaml; there is none at ${process.cwd()}/nowhere.pem`,
    ],
    true,
  ),
  row(
    "keys of a bucket without a bucket",
    `  airflow:backup: { endpoint: https://s3.test, region: eu-1, accessKey: { file: ${files}/good }, secretKey: { file: ${files}/good } }
`,
    (["accessKey", "endpoint", "region", "secretKey"] as const).map(
      (key) =>
        `2: backup.${key} is {…}; it is for a bucket: expected backup.to: s3://BUCKET/PREFIX beside it`,
    ),
  ),
  ...(["accessKey", "secretKey"] as const).map((absent) => {
    const given = absent === "accessKey" ? "secretKey" : "accessKey";
    return row(
      `a login at a bucket without its ${absent}`,
      `  airflow:backup: { to: s3://team, ${given}: { file: ${files}/good } }\n`,
      [`2: backup.${absent} is not given; backup.${given} needs it`],
    );
  }),
  row(
    "an object store without TLS in production, with an authority, and keys in empty files",
    `  airflow:production: true
  airflow:backup:
    to: s3://team
    endpoint: http://s3.test:9000
    accessKey: { file: ${files}/empty }
    secretKey: { file: ${files}/good }
    ca: ${files}/good
`,
    [
      "5: backup.endpoint is http://s3.test:9000; anybody in between could replace or remove backups: expected an https URL",
      `6: backup.accessKey is {…}; ${empty}`,
      `8: backup.ca is ${files}/good; backup.endpoint begins with http://, which is without TLS: expected https:// there, or no ca`,
      `8: backup.ca is ${files}/good; there is no certificate in it: expected a file with certificates in PEM that are valid now, and nothing else`,
    ],
  ),
  row(
    "an object store at the loopback address",
    "  airflow:backup: { to: s3://team, endpoint: https://localhost:9000 }\n",
    [`2: backup.endpoint is https://localhost:9000; ${itself}`],
  ),
];

/** Several repositories of DAGs. */
export const bundles: readonly BadRow[] = [
  {
    name: "bundles with a taken name, the same name, and names that none can have",
    config: `config:
  airflow:dagBundles:
    - { name: dags, url: https://git.test/a.git }
    - { name: b, url: https://git.test/b.git }
    - { name: b, url: https://git.test/c.git }
    - { name: dags-folder, url: https://git.test/d.git }
`,
    says: [
      "3: dagBundles[0].name is dags; the stack or Airflow has such a bundle: expected a name other than dags, dags-folder, example-dags",
      "5: dagBundles[2].name is b; another bundle has this name: expected each once",
      "6: dagBundles[3].name is dags-folder; the stack or Airflow has such a bundle: expected a name other than dags, dags-folder, example-dags",
    ],
    expressible: false,
  },
  {
    name: "bundles with logins that do not go with their URLs",
    config: `config:
  airflow:dagsGit: { url: "ssh://git@git.test/a.git", key: { file: ${files}/hook } }
  airflow:dagBundles:
    - { name: b, url: https://git.test/b.git, user: ann }
    - { name: c, url: "ssh://git@git.test/c.git", password: { file: ${files}/hook } }
    - { name: d, url: https://git.test/d.git?token=v1 }
    - { name: e, url: http://localhost/e.git, knownHosts: ${files}/hosts }
`,
    says: [
      "2: dagsGit.key is {…}; it is not a private key in PEM with all its lines: expected what ssh-keygen -t ed25519 -N '' writes beside the .pub file",
      "2: dagsGit.knownHosts is not given; an ssh URL needs it: expected a file with host keys",
      "2: dagsGit.url is ssh://git@git.test/a.git; the image built here has no ssh: expected systemPackages: [openssh-client]",
      "4: dagBundles[0].password is not given; dagBundles[0].user needs it: expected a secret",
      "5: dagBundles[1].key is not given; an ssh URL needs it: expected a private key, as a secret",
      "5: dagBundles[1].knownHosts is not given; an ssh URL needs it: expected a file with host keys",
      "5: dagBundles[1].password is {…}; the repository is read over ssh: expected key and knownHosts",
      "5: dagBundles[1].url is ssh://git@git.test/c.git; the image built here has no ssh: expected systemPackages: [openssh-client]",
      `6: dagBundles[2].url is https://git.test/d.git?…; ${repository}`,
      `7: dagBundles[3].knownHosts is ${files}/hosts; the repository is read over http: expected user and password`,
      `7: dagBundles[3].url is http://localhost/e.git; ${itself}`,
    ],
    expressible: false,
  },
  {
    name: "a bundle with a key and host keys with which ssh does not log in, and an empty password",
    config: `config:
  airflow:systemPackages: [openssh-client]
  airflow:dagBundles:
    - { name: b, url: "ssh://git@git.test/b.git", key: { file: ${files}/hook }, knownHosts: ${files}/hosts }
    - { name: c, url: https://git.test/c.git, password: { file: ${files}/empty } }
`,
    says: [
      "4: dagBundles[0].key is {…}; it is not a private key in PEM with all its lines: expected what ssh-keygen -t ed25519 -N '' writes beside the .pub file",
      `4: dagBundles[0].knownHosts is ${files}/hosts; it has no key of git.test: expected what ssh-keyscan git.test prints`,
      "5: dagBundles[1].password is {…}; its file is empty: expected a file with the secret and nothing else",
    ],
    expressible: false,
  },
  {
    name: "a list of bundles beside bundles, a secret file with a bundle's name, and Airflow 2",
    config: `config:
  airflow:version: 2.11.2
  airflow:dagBundles: [{ name: b, url: https://git.test/b.git }]
  airflow:roles: { worker: { secretFiles: { git_password_b: { file: ${files}/hook } } } }
`,
    says: [
      "3: dagBundles is {…}; Airflow 2.11.2 cannot read a repository by itself: expected version 3.3.x, or dags or dagsImage",
      "4: roles.worker.secretFiles.git_password_b is {…}; the stack has a secret of this name: expected another one",
    ],
    expressible: false,
  },
  {
    name: "triggerers of groups, and Airflow 2",
    config: `config:
  airflow:version: 2.11.2
  airflow:workerGroups: [{ name: io, queues: [io] }, { name: gpu, queues: [gpu], triggerers: 1 }]
`,
    says: [
      "3: workerGroups[1].triggerers is 1; triggers of Airflow 2.11.2 have no queues: expected version 3.3.x, or triggerers of the whole stack",
    ],
    expressible: false,
  },
  {
    name: "a list of bundles beside repositories",
    config: `config:
  airflow:dagsGit: { url: https://git.test/a.git }
  airflow:settings: { dag_processor: { Dag_bundle_config_list: "[]" } }
`,
    says: [
      "3: settings.dag_processor.Dag_bundle_config_list is {…}; dagsGit sets it too: expected only one of them",
    ],
    expressible: false,
  },
  {
    name: "a repository at an address of a cluster's nodes",
    config: `config:
  airflow:platform: kubernetes
  airflow:dagsImage: registry.test/dags
  airflow:images: { airflow: r/a:1, postgres: r/p:1, redis: r/r:1 }
  airflow:dagBundles: [{ name: b, url: http://169.254.1.1/b.git }]
  airflow:login: { oidc: { issuer: https://169.254.1.1, clientId: a, clientSecret: { file: ${files}/hook } }, roles: { a: User } }
`,
    says: [
      "5: dagBundles[0].url is http://169.254.1.1/b.git; roles may not reach 169.254.1.1: expected kubernetes.egress with it, such as { to: [0.0.0.0/0], except: [169.254.0.0/16] }",
      "6: login.oidc.issuer is https://169.254.1.1; roles may not reach 169.254.1.1: expected kubernetes.egress with it, such as { to: [0.0.0.0/0], except: [169.254.0.0/16] }",
    ],
    expressible: false,
  },
];
