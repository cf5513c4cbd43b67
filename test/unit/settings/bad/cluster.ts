import type { BadRow } from "./rows.ts";

/** Returns a stack in a cluster that is valid except for its keys of the cluster. */
function inCluster(name: string, kubernetes: string, says: readonly string[], expressible: boolean): BadRow {
  const config = `config:
  airflow:platform: kubernetes
  airflow:images: { airflow: r.test/a:1, postgres: r.test/p:1, redis: r.test/r:1 }
  airflow:dagsGit: { url: https://git.test/dags.git }
  airflow:kubernetes: ${kubernetes}
`;
  return { name, config, says: says.map((fault) => `5: kubernetes.${fault}`), expressible };
}

const ingress = "class: nginx, namespace: nginx, webserver: a.test";

/** Returns a stack in a cluster that reads a repository at an address. */
function atAddress(host: string, egress: string, ranges: string): BadRow {
  const config = `config:
  airflow:platform: kubernetes
  airflow:images: { airflow: r.test/a:1, postgres: r.test/p:1, redis: r.test/r:1 }
  airflow:kubernetes: ${ranges}
  airflow:dagsGit: { url: "http://${host}:3000/dags.git" }
`;
  const expected = host.includes(":")
    ? "expected an IPv4 address or a name, since kubernetes.egress has IPv4 ranges alone"
    : "expected kubernetes.egress with it, such as { to: [0.0.0.0/0], except: [169.254.0.0/16] }";
  const address = host.replace(/[[\]]/g, "");
  const says = [
    `5: dagsGit.url is http://${host}:3000/dags.git; roles may not reach ${address}: ${expected}`,
  ];
  return { name: `a repository at ${host}, with ${egress}`, config, says, expressible: false };
}

const admittedVolumes =
  "expected configMap, csi, downwardAPI, emptyDir, ephemeral, persistentVolumeClaim, projected, secret";

export const cluster: readonly BadRow[] = [
  atAddress("10.1.2.3", "the internet alone", "{}"),
  atAddress("10.1.2.3", "another network", "{ egress: { to: [10.2.0.0/16] } }"),
  atAddress("[fd00::7]", "IPv4 alone", "{ egress: { to: [0.0.0.0/0] } }"),
  {
    name: "backups to a directory of a cluster's machines, without an image for them",
    config: `config:
  airflow:platform: kubernetes
  airflow:images: { airflow: r.test/a:1, postgres: r.test/p:1, redis: r.test/r:1 }
  airflow:dagsGit: { url: https://git.test/dags.git }
  airflow:backup: { to: /srv/backups }
`,
    says: [
      "3: images.backup is not given; expected an image in a registry: npm run images -- --push REPOSITORY builds, pushes and prints it",
      "5: backup.to is /srv/backups; it needs platform: docker; expected volume or s3://BUCKET/PREFIX",
    ],
    expressible: false,
  },
  inCluster(
    "an ingress without a class and an admitted namespace",
    "{ ingress: { webserver: a.test } }",
    [
      "ingress.class is not given; expected the class of an ingress controller, or a gateway",
      "ingress.namespace is not given; expected the namespace whose pods are let in, or addresses in from",
    ],
    false,
  ),
  inCluster(
    "a gateway beside a class and a certificate",
    `{ ingress: { ${ingress}, tlsSecret: tls, gateway: { name: g, namespace: g } } }`,
    [
      "ingress.gateway is {…}; expected either class or gateway",
      "ingress.tlsSecret is tls; the Gateway has the certificate: expected either gateway or tlsSecret",
    ],
    false,
  ),
  inCluster(
    "Flower at the address of the webserver",
    `{ ingress: { ${ingress}, flower: a.test } }`,
    ["ingress.flower is a.test; the webserver has this address: expected another host name, or a path"],
    false,
  ),
  inCluster(
    "an address with its scheme",
    "{ ingress: { class: nginx, namespace: nginx, webserver: https://a.test } }",
    [
      "ingress.webserver is https://a.test; expected a host name in lower case, and a path if others share the host: tools.example.com/airflow",
    ],
    true,
  ),
  inCluster(
    "tasks that start pods in the stack's own namespace",
    "{ namespace: a, podOperator: { namespace: a, apiServer: [10.0.0.4:6443] } }",
    [
      "podOperator.namespace is a; tasks could read all secrets of the stack there: expected another namespace",
    ],
    false,
  ),
  inCluster(
    "an API server without a port",
    "{ podOperator: { namespace: a, apiServer: [10.0.0.4] } }",
    [
      "podOperator.apiServer[0] is 10.0.0.4; expected an address, or a range of addresses, and a port: 10.0.0.4:6443",
    ],
    true,
  ),
  inCluster(
    "the stack's own Postgres under the cluster's user ids",
    "{ userIds: cluster }",
    [
      "userIds is cluster; the stack's own Postgres can create its data only as a user that its image knows: expected image, or postgres.url with an external server",
    ],
    false,
  ),
  inCluster(
    "Flower and the monitoring at one address",
    "{ ingress: { class: nginx, namespace: nginx, webserver: a.test, flower: b.test, monitoring: b.test } }",
    ["ingress.monitoring is b.test; Flower has this address: expected another host name, or a path"],
    false,
  ),
  inCluster(
    "the monitoring at the address of the webserver",
    `{ ingress: { ${ingress}, monitoring: a.test } }`,
    ["ingress.monitoring is a.test; the webserver has this address: expected another host name, or a path"],
    false,
  ),
  inCluster(
    "an address as the host of an ingress",
    "{ ingress: { class: nginx, namespace: nginx, webserver: 10.0.0.1/airflow } }",
    [
      "ingress.webserver is 10.0.0.1/airflow; expected a host name in lower case, and a path if others share the host: tools.example.com/airflow",
    ],
    true,
  ),
  inCluster(
    "an API server at an impossible port",
    '{ podOperator: { namespace: tasks, apiServer: ["10.0.0.4:65536", "10.0.0.4:0"] } }',
    [0, 1].map(
      (at) =>
        `podOperator.apiServer[${at}] is 10.0.0.4:${at === 0 ? 65536 : 0}; expected an address, or a range of addresses, and a port: 10.0.0.4:6443`,
    ),
    true,
  ),
  inCluster(
    "pods of tasks in a namespace of the cluster",
    '{ podOperator: { namespace: kube-system, apiServer: ["10.0.0.4:6443"] } }',
    [
      "podOperator.namespace is kube-system; it belongs to the cluster, and tasks could read all its Secrets: expected a namespace for tasks, such as airflow-tasks",
    ],
    false,
  ),
  {
    name: "malformed names and keys of Secrets",
    config: `config:
  airflow:platform: kubernetes
  airflow:images: { airflow: r.test/a:1, postgres: r.test/p:1, redis: r.test/r:1 }
  airflow:dagsGit: { url: https://git.test/dags.git, password: { secret: Git_1, key: token } }
  airflow:secrets: { fernetKey: { secret: keys, key: ../fernet } }
`,
    says: [
      "4: dagsGit.password.secret is Git_1; expected a-z, 0-9, '-' and '.', a letter or digit at both ends of each part, 253 at most",
      "5: secrets.fernetKey.key is ../fernet; expected a key of a Secret: letters, digits, '-', '_' and '.', 253 at most",
    ],
    expressible: false,
  },
  {
    name: "fields of pods that the API server rejects",
    config: `config:
  airflow:platform: kubernetes
  airflow:images: { airflow: r.test/a:1, postgres: r.test/p:1, redis: r.test/r:1 }
  airflow:dagsGit: { url: https://git.test/dags.git }
  airflow:roles:
    all: { pod: { volumes: [{ name: shared, emptyDir: {} }] } }
    scheduler:
      pod: { volumeMounts: [{ name: shared, mountPath: /srv }, { name: absent, mountPath: /srv }] }
    worker:
      pod:
        initContainers:
          - { name: a, securityContext: &safe { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } } }
          - { name: a, image: "r.test/a:1", securityContext: *safe }
          - { name: worker, image: "r.test/a:1", securityContext: *safe }
          - { name: b, image: "r.test/a:1" }
          - { name: c, image: "r.test/a:1", securityContext: { <<: *safe, privileged: true } }
        volumes: [{ name: node, hostPath: { path: / } }, { name: node, emptyDir: {} }]
        volumeMounts: [{ name: node, mountPath: /opt/airflow/ }]
`,
    says: [
      "8: roles.scheduler.pod.volumeMounts[1].mountPath is /srv; volumeMounts[0] has the same: expected each once",
      "8: roles.scheduler.pod.volumeMounts[1].name is absent; expected the name of one of the volumes: shared",
      "12: roles.worker.pod.initContainers[0] is a; expected an image, too",
      "13: roles.worker.pod.initContainers[1].name is a; initContainers[0] has the same: expected each once",
      "14: roles.worker.pod.initContainers[2] is worker; a container of the stack has this name: expected another one",
      ...["15: roles.worker.pod.initContainers[3] is b", "16: roles.worker.pod.initContainers[4] is c"].map(
        (given) =>
          `${given}; Pod Security keeps it out: expected securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }`,
      ),
      `17: roles.worker.pod.volumes[0] is node; Pod Security keeps pods with hostPath out: ${admittedVolumes}`,
      "17: roles.worker.pod.volumes[1].name is node; volumes[0] has the same: expected each once",
      "18: roles.worker.pod.volumeMounts[0].mountPath is /opt/airflow/; it would hide /opt/airflow/check/check.py, which the stack needs: expected another path, such as /opt/models",
    ],
    expressible: false,
  },
  {
    name: "fields of pods that Pod Security keeps out, that are misspelt, or that lack a volume",
    config: `config:
  airflow:platform: kubernetes
  airflow:images: { airflow: r.test/a:1, postgres: r.test/p:1, redis: r.test/r:1 }
  airflow:dagsGit: { url: https://git.test/dags.git }
  airflow:roles:
    all:
      pod:
        volumes: [{ name: shared }, { name: scratch, emptyDir: {} }]
        volumeMounts: [{ name: shared, mountPath: /srv, readonly: true }]
        initContainers:
          - name: fetch
            image: "r.test/a:1"
            comand: [run]
            ports: [{ containerPort: 80 }, { containerPort: 81, hostPort: 81 }]
            volumeMounts:
              - { name: scratch, mountPath: /a }
              - { name: absent, mountPath: /b }
              - { name: opt-airflow-logs, mountPath: /c }
            securityContext:
              allowPrivilegeEscalation: false
              runAsNonRoot: false
              runAsUser: 0
              procMount: Unmasked
              capabilities: { drop: [ALL], add: [NET_BIND_SERVICE, SYS_ADMIN] }
              seccompProfile: { type: Unconfined }
              appArmorProfile: { type: Unconfined }
              seLinuxOptions: { type: spc_t, user: system_u, role: system_r }
              windowsOptions: { hostProcess: true }
    worker:
      pod:
        annotations: { container.apparmor.security.beta.kubernetes.io/worker: unconfined, example.com/a: unconfined }
        volumes:
          - { name: two, emptyDir: {}, secret: { secretName: a } }
          - { name: node, nfs: { server: a, path: / } }
          - { name: image, emptydir: {} }
    scheduler:
      volumes: { /models: models }
      pod:
        initContainers:
          - name: a
            image: "r.test/a:1"
            volumeMounts: [{ name: models, mountPath: /models }, { name: shared, mountPath: /srv }]
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
`,
    says: [
      "9: roles.all.pod.volumeMounts[0].readonly is unknown; did you mean readOnly? expected a field of Kubernetes",
      "13: roles.all.pod.initContainers[0].comand is unknown; did you mean command? expected a field of Kubernetes",
      "14: roles.all.pod.initContainers[0].ports[1].hostPort is 81; Pod Security keeps it out: expected no port of the node",
      "17: roles.all.pod.initContainers[0].volumeMounts[1].name is absent; expected the name of one of the volumes: shared, scratch",
      ...[
        "21: roles.all.pod.initContainers[0].securityContext.… is false; true, for a user that is not root",
        "22: roles.all.pod.initContainers[0].securityContext.… is 0; another user than root",
        "23: roles.all.pod.initContainers[0].securityContext.procMount is Unmasked; Default",
        "24: roles.all.pod.initContainers[0].securityContext.capabilities.add is {…}; NET_BIND_SERVICE alone, or nothing",
        "25: roles.all.pod.initContainers[0].securityContext.seccompProfile.type is Unconfined; RuntimeDefault or Localhost",
        "26: roles.all.pod.initContainers[0].securityContext.appArmorProfile.type is Unconfined; RuntimeDefault or Localhost",
        "27: roles.all.pod.initContainers[0].securityContext.seLinuxOptions.role is system_r; no role",
        "27: roles.all.pod.initContainers[0].securityContext.seLinuxOptions.type is spc_t; container_t, container_init_t or container_kvm_t",
        "27: roles.all.pod.initContainers[0].securityContext.seLinuxOptions.user is system_u; no user",
        "28: roles.all.pod.initContainers[0].securityContext.windowsOptions.hostProcess is true; false",
        '31: roles.worker.pod.annotations["container.apparmor.security.beta.kubernetes.io/worker"] is unconfined; runtime/default, or localhost/ with a profile',
      ].map((fault) => fault.replace("; ", "; Pod Security keeps it out: expected ")),
      "32: roles.worker.pod.volumes is {…}; roles.all mounts shared, scratch, and these volumes replace its own: expected shared, scratch here, too",
      "33: roles.worker.pod.volumes[0] is two; expected only one of emptyDir, secret",
      `34: roles.worker.pod.volumes[1] is node; Pod Security keeps pods with nfs out: ${admittedVolumes}`,
      "35: roles.worker.pod.volumes[2].emptydir is unknown; did you mean emptyDir? expected a field of Kubernetes",
    ],
    expressible: false,
  },
  inCluster(
    "a priority of workers above that of control roles",
    "{ priority: { control: 0, tasks: 1 } }",
    ["priority is {…}; expected tasks to be at most control"],
    false,
  ),
  inCluster(
    "a Prometheus operator without monitoring",
    "{ prometheusOperator: { namespace: prometheus } }",
    [
      "prometheusOperator is {…}; without monitoring there is nothing to collect: expected monitoring as well, such as { retention: 7d }",
    ],
    false,
  ),
  inCluster(
    "the namespace of an operator's Prometheus",
    "{ namespace: metrics, prometheusOperator: { namespace: metrics } }",
    [
      "namespace is metrics; it belongs to others, and the stack would deny their pods all connections: expected a namespace for the stack alone, such as airflow",
      "prometheusOperator is {…}; without monitoring there is nothing to collect: expected monitoring as well, such as { retention: 7d }",
    ],
    false,
  ),
  {
    name: "a repository and a receiver at malformed addresses",
    config: `config:
  airflow:dagsGit: { url: "http://[::.C..4A.E3]/dags.git" }
  airflow:tracing: { endpoint: "http://[1.2]:4318" }
`,
    says: [
      "2: dagsGit.url is http://[::.C..4A.E3]/dags.git; expected the http or https URL of a Git repository, without a login and parameters, or ssh://git@git.example.com/team/dags.git",
      "3: tracing.endpoint is http://[1.2]:4318; expected the http or https URL of an OTLP receiver, without a login: http://collector.example.com:4318",
    ],
    expressible: false,
  },
  {
    name: "a path for Airflow 2",
    config: `config:
  airflow:version: 2.11.2
  airflow:platform: kubernetes
  airflow:images: { airflow: r.test/a:1, postgres: r.test/p:1, redis: r.test/r:1 }
  airflow:dagsImage: r.test/dags
  airflow:kubernetes: { ingress: { class: nginx, namespace: nginx, webserver: a.test/airflow } }
`,
    says: [
      "6: kubernetes.ingress.webserver is a.test/airflow; Airflow 2 with a path answers only below it: expected a host name of its own",
    ],
    expressible: false,
  },
  {
    name: "fields of a pod on an engine",
    config: `config:
  airflow:roles: { worker: { pod: { affinity: {} } } }
`,
    says: ["2: roles.worker.pod is {…}; it needs platform: kubernetes"],
    expressible: false,
  },
];
