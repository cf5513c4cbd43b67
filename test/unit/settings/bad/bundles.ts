import type { BadRow } from "./rows.ts";

const files = "test/unit/settings/bad/files";
const repository =
  "expected the http or https URL of a Git repository, without a login and parameters, or ssh://git@git.example.com/team/dags.git";
const itself =
  "each container is there itself: expected the name or the address of a host that containers reach, such as that of this machine in its network";

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
`,
    says: [
      "5: dagBundles[0].url is http://169.254.1.1/b.git; roles may not reach 169.254.1.1: expected kubernetes.egress with it, such as { to: [0.0.0.0/0], except: [169.254.0.0/16] }",
    ],
    expressible: false,
  },
];
