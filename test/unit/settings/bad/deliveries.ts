import type { BadRow } from "./rows.ts";

const files = "test/unit/settings/bad/files";

/** Files, volumes, packages and secrets that break the container or image that gets them. */
export const deliveries: readonly BadRow[] = [
  {
    name: "volumes that hide directories of the stack or the image",
    config: `config:
  airflow:roles:
    worker:
      volumes:
        /opt/airflow/config: configuration
        /opt/airflow: home
        /opt: opt
        /opt/airflow/check: check
        /opt/airflow/dags/team: team
        /opt/airflow/start.py/x: x
        /run: run
        /var/run/secrets/x: y
        /etc: etc
        /lib/models: lib
        /usr: usr
        /opt/airflow/plugins: plugins
        /opt/airflow/config/models: models
        /var/models: var
`,
    says: [
      "5: roles.worker.volumes./opt/airflow/config is configuration; it would hide /opt/airflow/config/pooled_connections.py, which the stack needs: expected the folder as airflow:config, or a path below this one",
      "6: roles.worker.volumes./opt/airflow is home; it would hide /opt/airflow/check/check.py, which the stack needs: expected another path, such as /opt/models",
      "7: roles.worker.volumes./opt is opt; it would hide /opt/airflow/check/check.py, which the stack needs: expected another path, such as /opt/models",
      "8: roles.worker.volumes./opt/airflow/check is check; it would hide /opt/airflow/check/check.py, which the stack needs: expected another path, such as /opt/models",
      "9: roles.worker.volumes./opt/airflow/dags/team is team; /opt/airflow/dags belongs to the stack: expected another path, such as /opt/models",
      '10: roles.worker.volumes["/opt/airflow/start.py/x"] is x; /opt/airflow/start.py belongs to the stack: expected another path, such as /opt/models',
      "11: roles.worker.volumes./run is run; it would hide /run/secrets, which the stack needs: expected another path, such as /opt/models",
      "12: roles.worker.volumes./var/run/secrets/x is y; /run/secrets belongs to the stack: expected another path, such as /opt/models",
      "13: roles.worker.volumes./etc is etc; it would hide /etc/ssl/airflow/authorities.pem, which the stack needs: expected another path, such as /opt/models",
      "14: roles.worker.volumes./lib/models is lib; it would hide what the image has in /usr/lib: expected another path, such as /opt/models",
      "15: roles.worker.volumes./usr is usr; it would hide what the image has in /usr: expected another path, such as /opt/models",
    ],
    expressible: false,
  },
  {
    name: "volumes at paths that are not plain",
    config: `config:
  airflow:roles:
    worker:
      volumes: { /: a, models: b, /opt/../etc: c, /opt/models/: d, //opt/models: e, "/opt/models:ro": f, /srv: ./data, /m: "/srv:ro" }
`,
    says: [
      "4: roles.worker.volumes./ is a; expected an absolute path of letters, digits, '.', '_' and '-', without '..', '//' and a '/' at its end",
      "4: roles.worker.volumes.//opt/models is e; expected an absolute path of letters, digits, '.', '_' and '-', without '..', '//' and a '/' at its end",
      "4: roles.worker.volumes./m is /srv:ro; expected the name of a volume, or an absolute path of the machine",
      "4: roles.worker.volumes./opt/models/ is d; expected an absolute path of letters, digits, '.', '_' and '-', without '..', '//' and a '/' at its end",
      "4: roles.worker.volumes./opt/models:ro is f; expected an absolute path of letters, digits, '.', '_' and '-', without '..', '//' and a '/' at its end",
      "4: roles.worker.volumes./srv is ./data; expected the name of a volume, or an absolute path of the machine",
      "4: roles.worker.volumes.models is b; expected an absolute path of letters, digits, '.', '_' and '-', without '..', '//' and a '/' at its end",
      "4: roles.worker.volumes[\"/opt/../etc\"] is c; expected an absolute path of letters, digits, '.', '_' and '-', without '..', '//' and a '/' at its end",
    ],
    expressible: true,
  },
  {
    name: "files that replace files of the stack or the image",
    config: `config:
  airflow:roles:
    webserver: { files: { /opt/airflow: README.md } }
    scheduler:
      files:
        /usr/bin: README.md
        /opt/airflow/logs/x: README.md
        /opt/airflow/dags/x.py: README.md
        /tmp/x: README.md
        /opt/airflow/migrate.py/x: README.md
        /var/run/secrets/x: README.md
        /etc/x.ini: README.md
        /opt/airflow/config/airflow_local_settings.py: README.md
`,
    says: [
      "3: roles.webserver.files./opt/airflow is README.md; it is a directory: expected the path of a file, such as /opt/airflow/config/x.ini",
      "6: roles.scheduler.files./usr/bin is README.md; it is a directory: expected the path of a file, such as /opt/airflow/config/x.ini",
      "7: roles.scheduler.files./opt/airflow/logs/x is README.md; /opt/airflow/logs belongs to the stack: expected another path",
      '8: roles.scheduler.files["/opt/airflow/dags/x.py"] is README.md; DAGs are there: expected the file in the folder of the DAGs',
      "9: roles.scheduler.files./tmp/x is README.md; /tmp belongs to the stack: expected another path",
      '10: roles.scheduler.files["/opt/airflow/migrate.py/x"] is README.md; the stack has a file there: expected another path',
      "11: roles.scheduler.files./var/run/secrets/x is README.md; secrets are there: expected secretFiles, or another path",
    ],
    expressible: false,
  },
  {
    name: "files that no role reads, or that its user is in, and another folder of plugins",
    config: `config:
  airflow:roles:
    all: { files: { /opt/airflow/airflow.cfg: README.md, /etc/passwd: README.md, /etc/group: README.md } }
    worker: { files: { /etc/hosts: README.md, /etc/hostname: README.md, /etc/resolv.conf: README.md } }
  airflow:settings: { core: { plugins_folder: /opt/plugins } }
`,
    says: [
      "3: roles.all.files./etc/group is README.md; the image's programs find their user in it: expected another path",
      "3: roles.all.files./etc/passwd is README.md; the image's programs find their user in it: expected another path",
      '3: roles.all.files["/opt/airflow/airflow.cfg"] is README.md; no role reads it: expected settings, by section and key',
      "4: roles.worker.files./etc/hostname is README.md; the engine or the cluster writes it: expected another path",
      "4: roles.worker.files./etc/hosts is README.md; the engine or the cluster writes it: expected extraHosts",
      '4: roles.worker.files["/etc/resolv.conf"] is README.md; the engine or the cluster writes it: expected another path',
      "5: settings.core.plugins_folder is /opt/plugins; every role reads plugins from /opt/airflow/plugins: expected plugins, and no value here",
    ],
    expressible: false,
  },
  {
    name: "files and volumes in each other's way",
    config: `config:
  airflow:roles:
    all: { volumes: { /srv/maps: /srv/maps, /srv/models: models }, files: { /srv/a: README.md } }
    worker:
      volumes: { /srv/maps/own: own, /srv/models/own: other, /srv/a/b: more }
      files: { /srv/maps/x: README.md, /srv/models: README.md, /srv/models/x: README.md }
`,
    says: [
      "5: roles.worker.volumes./srv/a/b is more; roles.all.files has a file at /srv/a: expected a path outside it",
      "5: roles.worker.volumes./srv/maps/own is own; roles.all.volumes has a read-only directory of the machine at /srv/maps: expected a path outside it",
      "5: roles.worker.volumes./srv/models/own is other; roles.worker.files has a file at /srv/models: expected a path outside it",
      "6: roles.worker.files./srv/maps/x is README.md; roles.all.volumes has a read-only directory of the machine at /srv/maps: expected a path outside it",
      "6: roles.worker.files./srv/models is README.md; there is a volume at this path: expected another one",
      "6: roles.worker.files./srv/models/x is README.md; roles.worker.files has a file at /srv/models: expected a path outside it",
    ],
    expressible: false,
  },
  {
    name: "requirements with which no image can be built",
    config: `config:
  airflow:requirements: ${files}/requirements-lines.txt
`,
    says: [
      `2: requirements is ${files}/requirements-lines.txt; line 10 says wheels/own: expected packages by name: NAME, NAME==1.2.3 or NAME @ https://…, since the build of the image reads no other file`,
      `2: requirements is ${files}/requirements-lines.txt; line 11 says pandas=2.2, which is not a requirement: expected packages by name: NAME, NAME==1.2.3 or NAME @ https://…`,
      `2: requirements is ${files}/requirements-lines.txt; line 12 asks for another Airflow than the stack's, 3.3.2: expected no such line, and the version as airflow:version`,
      `2: requirements is ${files}/requirements-lines.txt; line 13 asks for another Airflow than the stack's, 3.3.2: expected no such line, and the version as airflow:version`,
      `2: requirements is ${files}/requirements-lines.txt; line 14 says cowsay==6.0, and line 1 ==6.1: expected only one of them`,
      `2: requirements is ${files}/requirements-lines.txt; line 2 says -r: expected packages by name, since the build of the image reads no other file or index`,
      `2: requirements is ${files}/requirements-lines.txt; line 3 says --index-url: expected packages by name, since the build of the image reads no other file or index`,
      `2: requirements is ${files}/requirements-lines.txt; line 4 says --extra-index-url: expected packages by name, since the build of the image reads no other file or index`,
      `2: requirements is ${files}/requirements-lines.txt; line 6 says -e: expected packages by name, since the build of the image reads no other file or index`,
      `2: requirements is ${files}/requirements-lines.txt; line 7 says ./wheels/own.whl: expected packages by name: NAME, NAME==1.2.3 or NAME @ https://…, since the build of the image reads no other file`,
      `2: requirements is ${files}/requirements-lines.txt; line 8 says own-1.0-py3-none-any.whl: expected packages by name: NAME, NAME==1.2.3 or NAME @ https://…, since the build of the image reads no other file`,
      `2: requirements is ${files}/requirements-lines.txt; line 9 says own @ file:///srv/own: expected packages by name: NAME, NAME==1.2.3 or NAME @ https://…, since the build of the image reads no other file`,
    ],
    expressible: false,
  },
  ...["utf16", "nul"].map((kind) => ({
    name: `requirements in another encoding: ${kind}`,
    config: `config:
  airflow:requirements: ${files}/requirements-${kind}.txt
`,
    says: [
      `2: requirements is ${files}/requirements-${kind}.txt; it is not text in UTF-8: expected the file saved as UTF-8`,
    ],
    expressible: false,
  })),
  {
    name: "authorities from files without a certificate",
    config: `config:
  airflow:postgres: { url: { secure: "v1:a:b" }, ca: package.json }
  airflow:redis: { url: { secure: "v1:a:b" }, ca: ${files}/empty }
`,
    says: [
      "2: postgres.ca is package.json; there is no certificate in it: expected a file with certificates in PEM that are valid now, and nothing else",
      `3: redis.ca is ${files}/empty; there is no certificate in it: expected a file with certificates in PEM that are valid now, and nothing else`,
    ],
    expressible: false,
  },
  {
    name: "a machine's certificates from a directory without any",
    config: `config:
  airflow:machines: [{ name: a, docker: "tcp://10.0.0.11:2376", address: 10.0.0.11, certificates: dags }]
`,
    says: [
      "2: machines[0].certificates is dags; it has no ca.pem that this user may read: expected ca.pem with the engine's authority, cert.pem with a certificate that is valid now, and key.pem with its key",
    ],
    expressible: false,
  },
  {
    name: "secrets that are marked as encrypted, but are not",
    config: `config:
  airflow:secrets: { adminPassword: { secure: plain } }
  airflow:variables: { token: { secure: "" } }
`,
    says: [
      "2: secrets.adminPassword is [plaintext]; it is not encrypted: expected an encrypted value: npm run secret -- secrets.adminPassword --stack NAME writes it",
      "3: variables.token is [plaintext]; it is not encrypted: expected an encrypted value: npm run secret -- variables.token --stack NAME writes it",
    ],
    expressible: false,
  },
  {
    name: "a number in the form of an encrypted value",
    config: `config:
  airflow:workers: { secure: two }
`,
    says: ["2: workers is [secret]; nothing keeps a value secret here: expected a plain value"],
    expressible: true,
  },
];
