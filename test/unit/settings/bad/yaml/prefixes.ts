import type { BadRow } from "../rows.ts";

/** Keys with a prefix other than the project's. */
export const prefixes: readonly BadRow[] = [
  {
    name: "slips in the prefix",
    config: `config:
  airlfow:workers: 3
  Airflow:flowerPort: 5556
  airflw:webserverprt: 8081
`,
    says: [
      "2: airlfow:workers belongs to another project, and nothing reads it; did you mean airflow:workers? expected airflow:KEY",
      "3: Airflow:flowerPort belongs to another project, and nothing reads it; did you mean airflow:flowerPort? expected airflow:KEY",
      "4: airflw:webserverprt belongs to another project, and nothing reads it; did you mean airflow:webserverPort? expected airflow:KEY",
    ],
    expressible: true,
  },
  {
    name: "keys of providers",
    config: `config:
  docker:host: unix:///run/other.sock
  kubernetes:context: mine
  kubernetes:namespace: mine
  Kubernetes:kubeConfig: x
`,
    says: [
      "2: docker:host has no effect; expected airflow:machines with docker: ADDRESS, or DOCKER_HOST in the environment",
      "3: kubernetes:context has no effect; expected airflow:kubernetes: { context: NAME }",
      "4: kubernetes:namespace has no effect; expected airflow:kubernetes: { namespace: NAME }",
      "5: Kubernetes:kubeConfig has no effect; expected KUBECONFIG in the environment",
    ],
    expressible: true,
  },
  {
    name: "keys of the CLI, of which it follows two",
    config: `config:
  pulumi:tags: { team: data }
  pulumi:disable-default-providers: [aws]
  pulumi:workers: 3
`,
    says: [
      "4: pulumi:workers is not a key of the CLI; expected pulumi:disable-default-providers, pulumi:tags, or airflow:KEY",
    ],
    expressible: true,
  },
  {
    name: "keys of other programs",
    config: `config:
  aws:region: here
  celery:workerConcurrency: 3
`,
    says: [
      "2: aws:region belongs to another project, and nothing reads it; expected airflow:KEY",
      "3: celery:workerConcurrency belongs to another project, and nothing reads it; did you mean airflow:workerConcurrency? expected airflow:KEY",
    ],
    expressible: true,
  },
  {
    name: "keys below the prefix",
    config: `config:
  airflow:
    workers: 3
`,
    says: ["2: airflow holds values itself; expected airflow:KEY: VALUE on lines of their own"],
    expressible: true,
  },
];
