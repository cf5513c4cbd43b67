import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { publisherOf } from "../../../platforms/docker/needs.ts";
import { silence } from "../../../platforms/docker/preflight/complaints.ts";
import {
  type EngineFacts,
  readInfo,
  readPublished,
  readSight,
} from "../../../platforms/docker/preflight/facts.ts";
import { type Needs, preflight } from "../../../platforms/docker/preflight/preflight.ts";
import {
  addressFault,
  architectureFault,
  blindFault,
  clockFault,
  diskFaults,
  engineFaults,
  kernelPort,
  labelled,
  memoryFault,
  openLoopback,
  portFault,
  sameEngineFault,
} from "../../../platforms/docker/preflight/rules.ts";
import type { Machine } from "../../../platforms/machines.ts";
import { withPrograms } from "../standIns.ts";

const main: Machine = { name: "main", docker: "unix:///var/run/docker.sock", address: "10.0.0.10" };
const big: Machine = { name: "big", docker: "ssh://airflow@10.0.0.11", address: "10.0.0.11" };
const port: Machine = { ...big, docker: "ssh://airflow@10.0.0.11:2222" };
const tls: Machine = { ...big, docker: "tcp://10.0.0.11:2376", certificates: "/etc/big" };

function overSsh(stderr: string, status = 255): string {
  return (
    'error during connect: Get "http://docker.example.com/v1.50/info": command [ssh -o ConnectTimeout=30 -T ' +
    `-l airflow -- 10.0.0.11 docker system dial-stdio] has exited with exit status ${status}, make sure the URL is ` +
    `valid, and Docker 18.09 or later is installed on the remote host: stderr=${stderr}\r\n`
  );
}

const overTls = (stderr: string) =>
  `error during connect: Get "https://10.0.0.11:2376/v1.50/info": ${stderr}`;

const mistakes: [what: string, machine: Machine, complaint: string, fault: string][] = [
  [
    "no client",
    main,
    "spawn docker ENOENT",
    "the docker command is missing on this machine; expected Docker's client; install it here",
  ],
  [
    "no ssh",
    big,
    'error during connect: Get "http://docker.example.com/v1.50/info": exec: "ssh": executable file not found in $PATH',
    "the ssh command is missing on this machine; expected OpenSSH's client; install it here",
  ],
  [
    "no certificates",
    tls,
    "Failed to initialize: unable to resolve docker endpoint: open /etc/big/ca.pem: no such file or directory",
    "the Docker client does not accept tcp://10.0.0.11:2376: open /etc/big/ca.pem: no such file or directory; " +
      "expected unix://PATH, ssh://USER@HOST, or tcp://HOST:PORT with a directory of ca.pem, cert.pem and " +
      "key.pem; correct docker or certificates",
  ],
  [
    "another host key",
    port,
    overSsh(
      "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\nIT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING " +
        "NASTY!\r\nHost key verification failed.",
    ),
    "its SSH host key differs from the known one; either the machine was reinstalled, or somebody intercepts the " +
      "connection; read the key at its console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then run " +
      "ssh-keygen -R '[10.0.0.11]:2222' and ssh -p 2222 airflow@10.0.0.11, and compare",
  ],
  [
    "another host key, of a jump host",
    big,
    overSsh(
      "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\nHost key for [jump.example]:2200 has changed and you have " +
        "requested strict checking.\r\nHost key verification failed.\r\nConnection closed by UNKNOWN port 65535",
    ),
    "its SSH host key differs from the known one; either the machine was reinstalled, or somebody intercepts the " +
      "connection; read the key at its console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then run " +
      "ssh-keygen -R '[jump.example]:2200' and ssh airflow@10.0.0.11, and compare",
  ],
  [
    "a configuration of ssh that others may write",
    big,
    overSsh("Bad owner or permissions on /home/me/.ssh/config"),
    "ssh does not accept its configuration on this machine: Bad owner or permissions on /home/me/.ssh/config; expected what man " +
      "ssh_config describes; correct it",
  ],
  [
    "a shared connection of ssh with a long path",
    big,
    overSsh('unix_listener: path "/home/me/.ssh/a" too long for Unix domain socket'),
    'ssh does not accept its configuration on this machine: unix_listener: path "/home/me/.ssh/a" too long for Unix domain socket; ' +
      "expected what man ssh_config describes; correct it",
  ],
  [
    "a key that others may read",
    port,
    overSsh(
      "@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\r\nPermissions 0644 for '/home/me/.ssh/id' are too open.\r\n" +
        "airflow@10.0.0.11: Permission denied (publickey).",
    ),
    "ssh ignores the private key, which other users of this machine may read; expected a file of its owner alone; run chmod 600 on " +
      "the file that ssh -p 2222 airflow@10.0.0.11 names",
  ],
  [
    "a shell that greets",
    big,
    'error during connect: Get "http://docker.example.com/v1.50/info": net/http: HTTP/1.x transport connection broken: malformed HTTP ' +
      'response "Welcome to big"',
    "its shell writes text into sessions without a terminal: net/http: HTTP/1.x transport connection broken: malformed HTTP response " +
      '"Welcome to big"; expected silence: ssh airflow@10.0.0.11 true prints nothing; correct the shell\'s start files there',
  ],
  [
    "an agent with many keys",
    big,
    overSsh("Received disconnect from 10.0.0.11 port 22:2: Too many authentication failures"),
    "it refuses the SSH login after too many keys of the agent; expected the right one first; set IdentityFile and " +
      "IdentitiesOnly yes for 10.0.0.11 in ~/.ssh/config",
  ],
  [
    "a key that is not authorized on the jump host",
    big,
    overSsh("me@jump.example: Permission denied (publickey).\r\nConnection closed by UNKNOWN port 65535"),
    "it refuses the SSH login; expected a key of yours in the authorized_keys of me, usable without a " +
      "password; run ssh-copy-id me@jump.example, or ssh-add for a key with a passphrase",
  ],
  [
    "an unknown host key",
    big,
    overSsh("Host key verification failed."),
    "its SSH host key is unknown here; expected one that a person has accepted; run ssh airflow@10.0.0.11 once " +
      "and compare the fingerprint with the machine's (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)",
  ],
  [
    "a key that is not authorized",
    big,
    overSsh("airflow@10.0.0.11: Permission denied (publickey,password)."),
    "it refuses the SSH login; expected a key of yours in the authorized_keys of airflow, usable without a " +
      "password; run ssh-copy-id airflow@10.0.0.11, or ssh-add for a key with a passphrase",
  ],
  [
    "no Docker there",
    big,
    overSsh("bash: line 1: docker: command not found", 127),
    "the docker command of user airflow is missing there; expected Docker 20.10 or newer, in the PATH of a session " +
      "without a terminal; install it there",
  ],
  [
    "a socket without permission, over ssh",
    big,
    "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: " +
      'Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.50/version": dial unix /var/run/docker.sock: connect: permission denied',
    "airflow may not use its Docker socket; expected root or a member of the group docker; run " +
      "sudo usermod -aG docker airflow there, and log in again",
  ],
  [
    "a socket without permission, here",
    main,
    "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
    "$USER may not use its Docker socket; expected root or a member of the group docker; run " +
      "sudo usermod -aG docker $USER there, and log in again",
  ],
  [
    "a certificate of another authority",
    tls,
    overTls("tls: failed to verify certificate: x509: certificate signed by unknown authority"),
    "TLS with tcp://10.0.0.11:2376 failed: tls: failed to verify certificate: x509: certificate signed by unknown " +
      "authority; expected an engine whose certificate is for 10.0.0.11 and from the authority in " +
      "/etc/big/ca.pem, and which trusts cert.pem there; correct certificates, or the engine's",
  ],
  [
    "an engine without TLS",
    tls,
    overTls("http: server gave HTTP response to HTTPS client"),
    "TLS with tcp://10.0.0.11:2376 failed: http: server gave HTTP response to HTTPS client; expected an engine " +
      "whose certificate is for 10.0.0.11 and from the authority in /etc/big/ca.pem, and which trusts cert.pem " +
      "there; correct certificates, or the engine's",
  ],
];

const outages: typeof mistakes = [
  [
    "no sshd",
    big,
    overSsh("ssh: connect to host 10.0.0.11 port 22: Connection refused"),
    "nothing listens for SSH at ssh://airflow@10.0.0.11; expected sshd; start the machine or its sshd, or correct docker",
  ],
  [
    "an unknown name",
    { ...big, docker: "ssh://airflow@big.example" },
    overSsh("ssh: Could not resolve hostname big.example: Name or service not known"),
    "the name big.example has no address; expected one that DNS knows here; correct docker, or DNS",
  ],
  [
    "no sshd on the jump host",
    big,
    overSsh(
      "ssh: connect to host jump.example port 2200: Connection refused\r\nConnection closed by UNKNOWN port 65535",
    ),
    "nothing listens for SSH at jump.example, port 2200, on the way to ssh://airflow@10.0.0.11; expected sshd; start the machine or " +
      "its sshd, or correct docker",
  ],
  [
    "an unknown name of the jump host",
    big,
    overSsh(
      "ssh: Could not resolve hostname jump.example: Name or service not known\r\nConnection closed by UNKNOWN",
    ),
    "the name jump.example has no address; expected one that DNS knows here; correct docker, or DNS",
  ],
  [
    "no route from the jump host",
    big,
    overSsh(
      "channel 0: open failed: connect failed: No route to host\r\nstdio forwarding failed\r\nConnection closed by UNKNOWN port 65535",
    ),
    "ssh://airflow@10.0.0.11 does not answer: channel 0: open failed: connect failed: No route to host; expected a machine that is " +
      "up and reachable from here; start it, or check its network and firewall",
  ],
  [
    "no route",
    big,
    overSsh("ssh: connect to host 10.0.0.11 port 22: No route to host"),
    "ssh://airflow@10.0.0.11 does not answer: ssh: connect to host 10.0.0.11 port 22: No route to host; expected a " +
      "machine that is up and reachable from here; start it, or check its network and firewall",
  ],
  [
    "no answer",
    tls,
    "timed out after 15 s",
    "tcp://10.0.0.11:2376 does not answer: timed out after 15 s; expected a machine that is up and reachable from " +
      "here; start it, or check its network and firewall",
  ],
  [
    "no engine",
    main,
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    "no Docker engine runs at unix:///var/run/docker.sock; expected one; start it there (systemctl start docker), or " +
      "correct docker",
  ],
  [
    "anything else",
    big,
    overSsh("kex_exchange_identification: Connection closed by remote host"),
    "its Docker engine does not answer: kex_exchange_identification: Connection closed by remote host; expected an " +
      "answer; try docker --host ssh://airflow@10.0.0.11 info",
  ],
];

for (const [down, causes] of [
  [false, mistakes],
  [true, outages],
] as const) {
  for (const [what, machine, complaint, fault] of causes) {
    test(`an engine that does not answer: ${what} is ${down ? "an outage" : "a mistake to correct"}`, () => {
      assert.deepEqual(silence(machine, complaint), { fault, down });
    });
  }
}

const engine: EngineFacts = {
  identity: "AB:CD big",
  version: "20.10.24+dfsg1",
  memory: 16000,
  cpus: 4,
  clock: 1_000_000,
  directory: "/var/lib/docker",
  images: "/var/lib/docker",
  architecture: "x86_64",
  limits: true,
  isPodman: false,
  labels: false,
  isRootless: false,
};
const sight = {
  addresses: ["10.0.0.11", "127.0.0.1", "172.17.0.1"],
  freeForImages: 9000,
  free: 9000,
  listeners: [
    { address: "00000000", port: "0016", owner: "sshd (process 7)" },
    { address: "0B00000A", port: "1F90", owner: "nginx (process 80)" },
    { address: "0000000000000000FFFF00000B00000A", port: "1F91", owner: "java (process 81)" },
    { address: "00000000000000000000000000000000", port: "1F92" },
    { address: "0100007F", port: "1F93", owner: "python3 (process 83)" },
    { address: "0B00000A", port: "20FB", owner: "docker-proxy (process 90)" },
    { address: "0B00000A", port: "20FC", owner: "docker-proxy (process 91)" },
  ],
};
const published = [
  { container: "airflow-prod-gateway", address: "10.0.0.11", first: 8443, last: 8443 },
  { container: "web", address: "0.0.0.0", first: 8444, last: 8445 },
];

const ownName = (container: string) => publisherOf(container, "airflow-prod");

function taken(number: number, address = big.address): string | undefined {
  const wanted = { address, port: number, use: "the gateway (airflow:gatewayPort)", by: ["gateway"] };
  return portFault(sight, published, ownName, wanted);
}

function takenBy(number: number, owner: string, address = big.address): string {
  return (
    `port ${number} of ${address}, for the gateway (airflow:gatewayPort), is taken by ${owner}; expected a free port; ` +
    "stop that, or choose another"
  );
}

const twoDisks = { ...engine, directory: "/mnt/data/docker", images: "/var/lib/containerd" };

const clock = (asked: number, answered: number) => clockFault(engine, { asked, answered });

const judgements: [what: string, found: string | undefined, fault: string | undefined][] = [
  [
    "an old engine",
    engineFaults({ ...engine, version: "19.03.15" })[0],
    "its Docker engine is 19.03.15; expected 20.10 or newer; upgrade it",
  ],
  [
    "a slightly old engine",
    engineFaults({ ...engine, version: "20.9.0-rc1" })[0],
    "its Docker engine is 20.9.0-rc1; expected 20.10 or newer; upgrade it",
  ],
  ["the oldest supported engine", engineFaults(engine)[0], undefined],
  ["a new engine", engineFaults({ ...engine, version: "29.0.1" })[0], undefined],
  [
    "an engine that opens 127.0.0.1 to neighbours",
    openLoopback({ ...engine, version: "27.5.1" }),
    "the Docker engine is 27.5.1: before 28, machines in the same network can reach what it publishes at 127.0.0.1, " +
      "where only a login protects it; expected 28 or newer, or a firewall",
  ],
  ["an engine that does not", openLoopback({ ...engine, version: "28.0.0" }), undefined],
  ["an engine without a version number", engineFaults({ ...engine, version: "dev" })[0], undefined],
  [
    "an engine without control groups",
    engineFaults({ ...engine, limits: false })[0],
    "it cannot limit memory and CPU, so that one task could take the whole machine; expected control groups; " +
      "an engine without root has them with cgroup v2 and systemd",
  ],
  [
    "Podman",
    engineFaults({ ...engine, version: "4.3.1", isPodman: true }).join(),
    "its engine is Podman 4.3.1, which has no service that starts containers again after a crash or a boot; expected Docker 20.10 or newer",
  ],
  ["an engine with control groups", engineFaults(engine)[0], undefined],
  [
    "a machine for which no image is built",
    architectureFault({ ...engine, architecture: "aarch64" }, "x86_64"),
    "its architecture is aarch64, and images are built here for x86_64; expected one architecture, " +
      "or airflow:images that a registry has for both",
  ],
  ["a machine like this one", architectureFault(engine, "x86_64"), undefined],
  ["another machine, with images of a registry", architectureFault(engine, undefined), undefined],
  [
    "too little memory",
    memoryFault(engine, 16001),
    "its workloads may use 16001 MiB of memory; expected at most the 16000 MiB of the machine, which has 4 cores; " +
      "lower the machine's workers, airflow:workerMemory or the memory of worker groups",
  ],
  ["exactly enough memory", memoryFault(engine, 16000), undefined],
  [
    "a clock that is ahead",
    clock(993_750, 993_850),
    "its clock is 6.2 s ahead of this machine's; expected 5 s at most; set both by NTP (timedatectl set-ntp true), " +
      "or correct this machine's if that is the wrong one",
  ],
  [
    "a clock that is behind",
    clock(1_010_000, 1_010_400),
    "its clock is 10.2 s behind this machine's; expected 5 s at most; set both by NTP (timedatectl set-ntp true), " +
      "or correct this machine's if that is the wrong one",
  ],
  ["an accurate clock", clock(995_100, 995_200), undefined],
  ["a clock whose late answer may be accurate", clock(980_000, 1_002_000), undefined],
  [
    "an address of another machine",
    addressFault(sight, engine, "10.0.0.12"),
    "its address is 10.0.0.12, which none of its interfaces has; expected one of 10.0.0.11, 172.17.0.1; correct address",
  ],
  [
    "an address of another machine, by a new engine without root",
    addressFault(sight, { ...engine, isRootless: true, version: "29.0.0" }, "10.0.0.12"),
    "its address is 10.0.0.12, which none of its interfaces has; expected one of 10.0.0.11, 172.17.0.1; correct address",
  ],
  [
    "an engine without root that hides the machine's network",
    addressFault(
      { ...sight, addresses: ["10.0.2.100", "127.0.0.1"] },
      { ...engine, isRootless: true, version: "28.5.2" },
      "10.0.0.11",
    ),
    "its engine runs without root and is 28.5.2: before 29, even containers with the machine's network see another one, so that neither " +
      "the address 10.0.0.11 nor free ports can be checked; expected 29 or newer, or an engine with root",
  ],
  ["an address of the machine itself", addressFault(sight, engine, "10.0.0.11"), undefined],
  [
    "an engine without root whose network copies the machine's addresses",
    addressFault(sight, { ...engine, isRootless: true }, "10.0.0.11"),
    undefined,
  ],
  [
    "a full disk",
    diskFaults(sight, engine, 20_000).join("\n"),
    "/var/lib/docker, where its engine keeps data, has 9000 MiB free; expected 20000 MiB; make room, for example with " +
      "docker image prune --all, which removes images that no container uses",
  ],
  ["a disk with enough room", diskFaults(sight, engine, 9000)[0], undefined],
  [
    "a full disk of volumes beside images of containerd",
    diskFaults({ ...sight, free: 100 }, twoDisks, 9000).join("\n"),
    "/mnt/data/docker, where its engine keeps volumes and logs, has 100 MiB free; expected 9000 MiB; make room; docker system df " +
      "--verbose lists volumes",
  ],
  [
    "a full disk of containerd's images",
    diskFaults({ ...sight, freeForImages: 100 }, twoDisks, 9000).join("\n"),
    "/var/lib/containerd, where its engine keeps images, has 100 MiB free; expected 9000 MiB; make room, for example with " +
      "docker image prune --all, which removes images that no container uses",
  ],
  ["two disks with enough room", diskFaults(sight, twoDisks, 9000)[0], undefined],
  ["a port that a process uses", taken(8080), takenBy(8080, "nginx (process 80)")],
  ["a port that a process uses by IPv6", taken(8081), takenBy(8081, "java (process 81)")],
  ["a port that a process uses on all addresses", taken(22), takenBy(22, "sshd (process 7)")],
  ["a port that an unknown process uses", taken(8082), takenBy(8082, "an unknown process")],
  ["a port in use at another address", taken(8083), undefined],
  [
    "a port that a process uses at one address, and the stack needs on all",
    taken(8083, "0.0.0.0"),
    takenBy(8083, "python3 (process 83)", "0.0.0.0"),
  ],
  ["a free port", taken(9000), undefined],
  ["a port of the stack itself", taken(8443), undefined],
  ["a port that another container publishes", taken(8444), takenBy(8444, "container web")],
  ["a port that another container publishes, without a process", taken(8445), takenBy(8445, "container web")],
  [
    "a missing image",
    blindFault(
      "gateway:1",
      "docker: Error response from daemon: No such image: gateway:1\n\nRun 'docker run --help' for more information",
    ),
    "it has no image gateway:1; expected it on every machine; run npm run images",
  ],
  [
    "a container that does not start",
    blindFault(
      "gateway:1",
      "docker: Error response from daemon: no space left on device.\nSee 'docker run --help'.",
    ),
    "it cannot be inspected by a container of gateway:1: no space left on device.; expected one to run; try there: docker run --rm gateway:1 true",
  ],
  [
    "an engine that is listed twice",
    sameEngineFault(engine, [{ machine: main }, { machine: { ...big, name: "a" }, engine }]),
    "its engine is that of machine a, too; expected another; correct docker, or remove one",
  ],
  [
    "an engine that was cloned",
    sameEngineFault(engine, [{ machine: main, engine: { ...engine, identity: "AB:CD main" } }]),
    undefined,
  ],
];

for (const [what, found, fault] of judgements) {
  test(`${what} is ${fault === undefined ? "accepted" : "refused"}`, () => assert.equal(found, fault));
}

test("an engine with SELinux is told about", () => {
  assert.equal(labelled(engine), undefined);
  assert.equal(
    labelled({ ...engine, labels: true }),
    "the Docker engine keeps containers by SELinux from directories of the machine, such as airflow:dags; expected the label container_file_t there: chcon -Rt container_file_t DIRECTORY",
  );
});

const info = {
  ID: "AB:CD",
  Name: "big",
  ServerVersion: "20.10.24+dfsg1",
  MemTotal: 16000 * 2 ** 20 + 4096,
  NCPU: 4,
  SystemTime: "1970-01-01T01:16:40.000316195+01:00",
  DockerRootDir: "/var/lib/docker",
  Architecture: "x86_64",
  MemoryLimit: true,
  CpuCfsQuota: true,
};

test("the output of docker info is read", () => {
  assert.deepEqual(readInfo(JSON.stringify(info)), engine);
  const rootless = { ...info, MemoryLimit: false };
  assert.deepEqual(readInfo(JSON.stringify(rootless)), { ...engine, limits: false });
  const podman = { ...info, DockerRootDir: "/home/me/.local/share/containers/storage" };
  assert.deepEqual(readInfo(JSON.stringify(podman)), {
    ...engine,
    directory: podman.DockerRootDir,
    images: podman.DockerRootDir,
    isPodman: true,
  });
  const selinux = { ...info, SecurityOptions: ["name=seccomp,profile=default", "name=selinux"] };
  assert.deepEqual(readInfo(JSON.stringify(selinux)), { ...engine, labels: true });
  const unprivileged = { ...info, SecurityOptions: ["name=seccomp,profile=builtin", "name=rootless"] };
  assert.deepEqual(readInfo(JSON.stringify(unprivileged)), { ...engine, isRootless: true });
  assert.equal(readInfo(JSON.stringify({ ID: "", ServerErrors: ["refused"] })), "refused");
});

const containerd = [["driver-type", "io.containerd.snapshotter.v1"]];
const stores: [what: string, facts: object, images: string][] = [
  ["a storage driver", { DriverStatus: [["Backing Filesystem", "extfs"]] }, "/mnt/docker"],
  ["a storage driver that says nothing", { DriverStatus: null }, "/mnt/docker"],
  ["the machine's containerd", { DriverStatus: containerd }, "/var/lib/containerd"],
  [
    "the machine's containerd, by its address",
    { DriverStatus: containerd, Containerd: { Address: "/run/containerd/containerd.sock" } },
    "/var/lib/containerd",
  ],
  [
    "a containerd of the engine's own",
    { DriverStatus: containerd, Containerd: { Address: "/var/run/docker/containerd/containerd.sock" } },
    "/mnt/docker/containerd",
  ],
];
for (const [what, facts, images] of stores) {
  test(`the images of ${what} are in ${images}`, () => {
    const read = readInfo(JSON.stringify({ ...info, DockerRootDir: "/mnt/docker", ...facts }));
    assert.deepEqual(read, { ...engine, directory: "/mnt/docker", images });
  });
}

test("the output of docker ps is read", () => {
  const listed =
    "a 10.0.0.11:8443->8443/tcp\nb 0.0.0.0:80-81->80-81/tcp, :::80-81->80-81/tcp, 5432/tcp\nc \nd :::53->53/udp\n";
  assert.deepEqual(readPublished(listed), [
    { container: "a", address: "10.0.0.11", first: 8443, last: 8443 },
    { container: "b", address: "0.0.0.0", first: 80, last: 81 },
    { container: "b", address: "::", first: 80, last: 81 },
  ]);
});

test("the first of several processes that share a socket is read as its owner", () => {
  const lines = [
    "free 9000",
    "free 800",
    "address 10.0.0.11",
    "address 127.0.0.1",
    "listener 501 00000000 0016",
    "listener 502 0B00000A 1F90",
    "owner 501 1000 nginx",
    "owner 501 99 nginx: master",
    "",
  ];
  assert.deepEqual(readSight(lines.join("\n")), {
    addresses: ["10.0.0.11", "127.0.0.1"],
    freeForImages: 9000,
    free: 800,
    listeners: [
      { address: "00000000", port: "0016", owner: "nginx: master (process 99)" },
      { address: "0B00000A", port: "1F90", owner: undefined },
    ],
  });
});

const script = new URL("../../../platforms/docker/preflight/inspect-machine.sh", import.meta.url);

test("the inspection script reports this machine's addresses, free disk space and listeners", {
  skip: process.platform !== "linux",
}, async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address() as AddressInfo;
  const args = ["-c", readFileSync(script, "utf8"), "inspect", kernelPort(port), kernelPort(1)];
  const text = execFileSync("sh", args, { encoding: "utf8" });
  const { addresses, freeForImages, free, listeners } = readSight(text);
  server.close();
  assert.ok(addresses.includes("127.0.0.1"), addresses.join());
  assert.ok(freeForImages > 0 && free > 0);
  assert.equal(text.match(/^free \d+$/gm)?.length, 2);
  assert.equal(listeners.length, 1);
  const name = readFileSync("/proc/self/comm", "utf8").trim();
  assert.deepEqual(listeners[0], {
    address: "0100007F",
    port: kernelPort(port),
    owner: `${name} (process ${process.pid})`,
  });
});

/** Stand-in for Docker's client: the engine at unix:///down is down, others have only the image `there`. */
const client = `#!/bin/sh
case $DOCKER_HOST:$*: in
  unix:///down:*) echo "Cannot connect to the Docker daemon at $DOCKER_HOST. Is the docker daemon running?" >&2; exit 1 ;;
  *:info*) echo '${JSON.stringify({ ...info, ID: "HOST", SystemTime: new Date() })}' | sed "s|HOST|$DOCKER_HOST|; $([ "$DOCKER_HOST" != unix:///arm ] || echo 's/x86_64/aarch64/')" ;;
  unix:///slow:run*) echo "timed out after 600 s" >&2; exit 1 ;;
  *:run*" --entrypoint sh cut -c "*) echo "docker: Cannot connect to the Docker daemon at $DOCKER_HOST." >&2; exit 125 ;;
  *:run*" --entrypoint sh there -c "*) printf '%s\\n' 'free 9000' 'address 10.0.0.10' 'address 10.0.0.11' ;;
  *:run*) echo "docker: Error response from daemon: No such image: gone" >&2; exit 125 ;;
  unix:///own:ps*) echo "airflow-prod-webserver 127.0.0.1:8080->8080/tcp" ;;
  *:ps*) echo "web 0.0.0.0:8443->80/tcp" ;;
esac
`;

async function checked(unreachable: "fail" | "leave", ...machines: readonly Needs[]): Promise<unknown> {
  process.env.AIRFLOW_CONTINUE_ON_ERROR = String(unreachable === "leave");
  return withPrograms({ docker: client }, () =>
    preflight(machines, ownName).catch((error: Error) => error.message),
  );
}

const fine: Needs = { machine: main, ports: [], memory: 1000, disk: 1000, image: "there", images: [] };
const away: Needs = { ...fine, machine: { name: "away", docker: "unix:///down", address: "10.0.0.12" } };
const poor: Needs = {
  machine: { ...big, docker: "unix:///big" },
  ports: [{ address: "10.0.0.11", port: 8443, use: "the gateway (airflow:gatewayPort)", by: ["gateway"] }],
  memory: 20_000,
  disk: 1000,
  image: "there",
  images: [],
};

test("machines without a fault pass the preflight", async () => {
  assert.deepEqual(await checked("fail", fine, { ...poor, ports: [], memory: 1000 }), []);
});

test("an unreachable machine is left out if the command continues on errors, and is a fault otherwise", async () => {
  assert.deepEqual(await checked("leave", fine, away), ["machine away is down: its workloads are missing"]);
  // Goes down while being inspected.
  assert.deepEqual(await checked("leave", fine, { ...poor, image: "cut" }), [
    "machine big is down: its workloads are missing",
  ]);
  assert.equal(
    await checked("fail", fine, away),
    "The machines have 1 fault(s):\n  machine away: no Docker engine runs at unix:///down; expected one; start it there " +
      "(systemctl start docker), or correct docker",
  );
});

test("a machine whose container takes too long is no machine that is down", async () => {
  const slow: Needs = { ...fine, machine: { ...main, docker: "unix:///slow" }, image: "slow" };
  assert.equal(
    await checked("leave", slow),
    "The machines have 1 fault(s):\n  machine main: it cannot be inspected by a container of slow: timed out after 600 s; expected " +
      "one to run; try there: docker run --rm slow true",
  );
});

test("the architecture is compared wherever an image is built here, whatever the image that inspects the machine", async () => {
  const built = { ...fine, images: ["registry.example.com/gateway:1", "airflow-on-celery/airflow:1"] };
  const away = { ...built, machine: { ...main, docker: "unix:///arm" } };
  assert.match(
    String(await checked("fail", away)),
    /its architecture is aarch64, and images are built here for x86_64/,
  );
  assert.deepEqual(await checked("fail", { ...away, images: ["registry.example.com/airflow:1"] }), []);
});

test("a machine that publishes at 127.0.0.1 with an engine before 28 is a warning until it publishes", async () => {
  const port = {
    address: "127.0.0.1",
    port: 8080,
    use: "webserver (airflow:webserverPort)",
    by: ["webserver"],
  };
  const warned = await checked("fail", { ...fine, ports: [port] });
  assert.match(
    String(warned),
    /^machine main: the Docker engine is 20\.10\.24.*: before 28, machines in the same network/,
  );
  const held = { ...fine, machine: { ...main, docker: "unix:///own" }, ports: [port] };
  assert.deepEqual(await checked("fail", held), []);
});

test("all faults of all machines are reported in one error, even if an unreachable machine is left out", async () => {
  const bare: Needs = {
    ...fine,
    machine: { name: "bare", docker: "unix:///bare", address: "10.0.0.13" },
    image: "gone",
  };
  assert.equal(
    await checked("leave", away, poor, bare),
    [
      "The machines have 3 fault(s):",
      "machine big: its workloads may use 20000 MiB of memory; expected at most the 16000 MiB of the machine, which " +
        "has 4 cores; lower the machine's workers, airflow:workerMemory or the memory of worker groups",
      `machine big: ${takenBy(8443, "container web")}`,
      "machine bare: it has no image gone; expected it on every machine; run npm run images",
    ].join("\n  "),
  );
});
