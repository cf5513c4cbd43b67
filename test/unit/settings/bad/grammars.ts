import type { BadRow } from "./rows.ts";

/** Values that only an engine, a cluster, a registry or Airflow would refuse. */
export const grammars: readonly BadRow[] = [
  {
    name: "names that a cluster rejects",
    config: `config:
  airflow:platform: kubernetes
  airflow:dagsImage: r.example.com/dags
  airflow:images: { airflow: r/airflow:1, postgres: r/postgres:1, redis: r/redis:1 }
  airflow:kubernetes:
    namespace: data.airflow
    pullSecrets: [Registry]
    storage: { class: fast_ssd, postgres: 10G }
    ingress: { class: nginx, namespace: web, webserver: a..example.com, tlsSecret: tls. }
    egress: { to: [10.0.0.0/33, 300.0.0.0/8] }
    controlLabels: { "example.com/": x, a: "-b" }
`,
    says: [
      "6: kubernetes.namespace is data.airflow; expected a-z, 0-9 and '-', a letter or digit first and last, 63 at most",
      "7: kubernetes.pullSecrets[0] is Registry; expected a-z, 0-9, '-' and '.', a letter or digit at both ends of each part, 253 at most",
      "8: kubernetes.storage.class is fast_ssd; expected a-z, 0-9, '-' and '.', a letter or digit at both ends of each part, 253 at most",
      "8: kubernetes.storage.postgres is 10G; expected a size with its unit: 500Mi, 10Gi, 1Ti",
      "9: kubernetes.ingress.tlsSecret is tls.; expected a-z, 0-9, '-' and '.', a letter or digit at both ends of each part, 253 at most",
      "9: kubernetes.ingress.webserver is a..example.com; expected a host name in lower case, and a path if others share the host: tools.example.com/airflow",
      "10: kubernetes.egress.to[0] is 10.0.0.0/33; expected a range of addresses: 203.0.113.0/24",
      "10: kubernetes.egress.to[1] is 300.0.0.0/8; expected a range of addresses: 203.0.113.0/24",
      "11: kubernetes.controlLabels.a is -b; expected the value of a label: letters, digits, '_', '.' and '-', a letter or digit first and last, 63 at most",
      "11: kubernetes.controlLabels[\"example.com/\"] is x; expected the name of a label: letters, digits, '_', '.' and '-', 63 at most, after a domain and '/' if there is one",
    ],
    expressible: true,
  },
  {
    name: "image names that an engine rejects",
    config: `config:
  airflow:images:
    airflow: Registry.example.com/Team/airflow:3.3.2
    postgres: postgres:16 beta
    redis: registry.example.com/redis@sha256:abc
    gateway: http://registry.example.com/gateway:2
  airflow:dagsImage: registry.example.com//dags
`,
    says: [
      "3: images.airflow is Registry.example.com/Team/airflow:3.3.2; expected an image name: registry.example.com/airflow:1.2.3, registry.example.com/airflow@sha256:…, in lower case before the tag",
      "4: images.postgres is postgres:16 beta; expected an image name: registry.example.com/airflow:1.2.3, registry.example.com/airflow@sha256:…, in lower case before the tag",
      "5: images.redis is registry.example.com/redis@sha256:abc; expected an image name: registry.example.com/airflow:1.2.3, registry.example.com/airflow@sha256:…, in lower case before the tag",
      "6: images.gateway is http://registry.example.com/gateway:2; expected an image name: registry.example.com/airflow:1.2.3, registry.example.com/airflow@sha256:…, in lower case before the tag",
      "7: dagsImage is registry.example.com//dags; expected a repository of an image registry, without a tag: registry.example.com/team/dags",
    ],
    expressible: true,
  },
  {
    name: "malformed branches, packages, hosts and labels",
    config: `config:
  airflow:dagsGit: { url: https://git.example.com/dags.git, ref: release..1 }
  airflow:systemPackages: ["git; rm -rf /", "x"]
  airflow:extraHosts: { 10.0.0.7: 10.0.0.7, under_score.example.com: 10.0.0.8 }
  airflow:labels: { "a b": c, team: "data team" }
`,
    says: [
      "2: dagsGit.ref is release..1; expected the name of a branch or tag, 200 characters at most: main, release/2.1, v1.0+build",
      "3: systemPackages[0] is git; rm -rf /; expected the name of a Debian package, and =VERSION if need be",
      "3: systemPackages[1] is x; expected the name of a Debian package, and =VERSION if need be",
      '4: extraHosts["10.0.0.7"] is 10.0.0.7; expected a host name, in lower case',
      '4: extraHosts["under_score.example.com"] is 10.0.0.8; expected a host name, in lower case',
      "5: labels.a b is c; expected the name of a label: letters, digits, '_', '.' and '-', 63 at most, after a domain and '/' if there is one",
      "5: labels.team is data team; expected the value of a label: letters, digits, '_', '.' and '-', a letter or digit first and last, 63 at most",
    ],
    expressible: true,
  },
  {
    name: "declarations that Airflow rejects",
    config: `config:
  airflow:connections: { "my db": { type: postgres, host: db } }
  airflow:pools: { " api": { slots: 1 } }
  airflow:users: { "ann bee": { password: { file: test/unit/settings/bad/files/good } }, cid: { email: none, password: { file: test/unit/settings/bad/files/good } } }
`,
    says: [
      "2: connections.my db is {…}; expected letters, digits and the characters _#!()-.:/\\, 250 at most",
      "3: pools. api is {…}; expected a name without control characters, and without spaces at either end, 256 at most",
      "4: users.ann bee is {…}; expected letters, digits, '_', '.', '@', '+' and '-', 200 at most",
      "4: users.cid.email is none; expected a mail address",
    ],
    expressible: true,
  },
];
