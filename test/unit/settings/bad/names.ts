import type { BadRow } from "./rows.ts";

/** Names that others own, and names that collide. */
export const names: readonly BadRow[] = [
  {
    name: "a namespace that belongs to the cluster",
    config: `config:
  airflow:platform: kubernetes
  airflow:dagsImage: r.example.com/dags
  airflow:images: { airflow: r/airflow:1, postgres: r/postgres:1, redis: r/redis:1 }
  airflow:kubernetes: { namespace: kube-system }
`,
    says: [
      "5: kubernetes.namespace is kube-system; it belongs to others, and the stack would deny their pods all connections: expected a namespace for the stack alone, such as airflow",
    ],
    expressible: false,
  },
  {
    name: "the namespace of the ingress controller",
    config: `config:
  airflow:platform: kubernetes
  airflow:dagsImage: r.example.com/dags
  airflow:images: { airflow: r/airflow:1, postgres: r/postgres:1, redis: r/redis:1 }
  airflow:kubernetes: { namespace: web, ingress: { class: nginx, namespace: web, webserver: a.example.com, tlsSecret: tls } }
`,
    says: [
      "5: kubernetes.namespace is web; it belongs to others, and the stack would deny their pods all connections: expected a namespace for the stack alone, such as airflow",
    ],
    expressible: false,
  },
  {
    name: "extra hosts with names of the stack or addresses of each container",
    config: `config:
  airflow:extraHosts: { postgres: 10.0.0.1, localhost: 10.0.0.1, worker-2: 10.0.0.2, worker-gpu: 10.0.0.3, db.example.com: 127.0.0.1, webserver-1: 10.0.0.4, triggerer-gpu-1: 10.0.0.5 }
  airflow:workerGroups: [{ name: gpu, queues: [gpu], triggerers: 1 }]
`,
    says: [
      "2: extraHosts.localhost is 10.0.0.1; every container resolves it to itself: expected the name of a host outside the stack",
      "2: extraHosts.postgres is 10.0.0.1; a service of the stack has this name: expected the name of a host outside it",
      "2: extraHosts.triggerer-gpu-1 is 10.0.0.5; triggerers of the stack have this name: expected the name of a host outside it",
      "2: extraHosts.webserver-1 is 10.0.0.4; a service of the stack has this name: expected the name of a host outside it",
      "2: extraHosts.worker-2 is 10.0.0.2; a service of the stack has this name: expected the name of a host outside it",
      "2: extraHosts.worker-gpu is 10.0.0.3; workers of the stack have this name: expected the name of a host outside it",
      '2: extraHosts["db.example.com"] is 127.0.0.1; no host outside the stack has such an address: expected the address of one',
    ],
    expressible: false,
  },
  {
    name: "an extra host with a name that the cluster resolves",
    config: `config:
  airflow:platform: kubernetes
  airflow:dagsImage: r.example.com/dags
  airflow:images: { airflow: r/airflow:1, postgres: r/postgres:1, redis: r/redis:1 }
  airflow:extraHosts: { db.other.svc: 10.0.0.1 }
`,
    says: [
      '5: extraHosts["db.other.svc"] is 10.0.0.1; the cluster resolves such names itself: expected the name of a host outside it',
    ],
    expressible: false,
  },
  {
    name: "workers whose names collide, by machine and by group",
    config: `config:
  airflow:machines:
    - { name: gpu-big, docker: ssh://a, address: 10.0.0.1, workers: 1 }
    - { name: big, docker: ssh://b, address: 10.0.0.2, workers: { gpu: 1 } }
  airflow:workerGroups: [{ name: gpu, queues: [gpu] }]
`,
    says: [
      "5: workerGroups[0].name is gpu; group gpu on machine big and the default group on machine gpu-big would both be worker-gpu-big: expected another name for one of them",
    ],
    expressible: false,
  },
  {
    name: "a group with the name of another group's worker",
    config: `config:
  airflow:workerGroups: [{ name: gpu, queues: [gpu], workers: 2 }, { name: gpu-2, queues: [fast] }]
`,
    says: [
      "2: workerGroups[1].name is gpu-2; group gpu-2 and worker 2 of group gpu would both be worker-gpu-2: expected another name for one of them",
    ],
    expressible: false,
  },
  {
    name: "a group with the name of another group's triggerer",
    config: `config:
  airflow:workerGroups: [{ name: gpu, queues: [gpu], triggerers: 2 }, { name: gpu-2, queues: [fast], triggerers: 1 }]
`,
    says: [
      "2: workerGroups[1].name is gpu-2; group gpu-2 and triggerer 2 of group gpu would both be triggerer-gpu-2: expected another name for one of them",
    ],
    expressible: false,
  },
  {
    name: "a group with the name of another group's autoscaling",
    config: `config:
  airflow:platform: kubernetes
  airflow:dagsImage: r.example.com/dags
  airflow:images: { airflow: r/airflow:1, postgres: r/postgres:1, redis: r/redis:1 }
  airflow:workerGroups: [{ name: gpu, queues: [gpu], autoscale: { min: 0, max: 2 } }, { name: gpu-keda, queues: [fast] }]
`,
    says: [
      "5: workerGroups[1].name is gpu-keda; group gpu-keda and the scaling of group gpu would both be worker-gpu-keda: expected another name for one of them",
    ],
    expressible: false,
  },
  {
    name: "workers whose name is too long",
    config: `config:
  airflow:machines:
    - { name: a-machine-of-a-long-name-rack-3, docker: ssh://a, address: 10.0.0.1, workers: { a-group-of-a-long-name-and-more: 1 } }
    - { name: a-machine-of-a-long-name-rack-4, docker: ssh://b, address: 10.0.0.2, workers: { a-group-of-a-long-name-and-more: 1 } }
  airflow:workerGroups: [{ name: a-group-of-a-long-name-and-more, queues: [gpu] }]
`,
    says: [
      "5: workerGroups[0].name is a-group-of-a-long-name-and-more; group a-group-of-a-long-name-and-more on machine a-machine-of-a-long-name-rack-3 would be worker-a-group-of-a-long-name-and-more-a-machine-of-a-long-name-rack-3-1, which has 72 characters: expected shorter names, with 63 together",
    ],
    expressible: false,
  },
  {
    name: "volumes whose names collide with a machine's suffix",
    config: `config:
  airflow:machines:
    - { name: one, docker: ssh://a, address: 10.0.0.1, workers: 1 }
    - { name: big, docker: ssh://b, address: 10.0.0.2, workers: 1 }
  airflow:roles: { worker: { volumes: { /opt/models: models, /opt/more: models-big, /opt/logs: logs-big } } }
`,
    says: [
      "5: roles.worker.volumes./opt/logs is logs-big; the stack's volume logs on machine big and volume logs-big would both be logs-big: expected another name for one of them",
      "5: roles.worker.volumes./opt/more is models-big; volume models on machine big and volume models-big would both be models-big: expected another name for one of them",
    ],
    expressible: false,
  },
  {
    name: "users that Airflow takes for one user",
    config: `config:
  airflow:users:
    Admin: { password: { file: test/unit/settings/bad/files/good } }
    ann: { password: { file: test/unit/settings/bad/files/good }, email: a@example.com }
    Ann: { password: { file: test/unit/settings/bad/files/good } }
    bea: { password: { file: test/unit/settings/bad/files/good }, email: A@example.com }
    cid: { password: { file: test/unit/settings/bad/files/good }, email: admin@localhost }
`,
    says: [
      "3: users.Admin is {…}; adminUser, admin, has this login too, since Airflow ignores case: expected another one",
      "5: users.Ann is {…}; users.ann has this login too, since Airflow ignores case: expected another one",
      "6: users.bea.email is A@example.com; users.ann has this address too, and Airflow identifies people by it: expected another one",
      "7: users.cid.email is admin@localhost; users.Admin has this address too, and Airflow identifies people by it: expected another one",
    ],
    expressible: false,
  },
];
