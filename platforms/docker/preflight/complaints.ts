import type { DeployedMachine } from "../../machines.ts";

/** Why an engine did not answer. */
interface Silence {
  readonly fault: string;
  /** True if the machine may just be down; every other cause needs a person. */
  readonly down: boolean;
}

/** Parts of a message about a machine. */
interface MessageParts {
  /** Engine address, as in `DOCKER_HOST`. */
  readonly docker: string;
  /** Arguments of ssh. */
  readonly ssh: string;
  /** Host as in known_hosts. */
  readonly known: string;
  readonly host: string;
  readonly user: string;
  readonly certificates: string;
  /** The complaint in one line. */
  readonly gist: string;
}

type Cause = readonly [complaint: RegExp, fault: (parts: MessageParts) => string];

const mistakes: readonly Cause[] = [
  [
    /spawn docker ENOENT/,
    () => "the docker command is missing on this machine; expected Docker's client; install it here",
  ],
  [
    /"ssh": executable file not found|spawn ssh ENOENT/,
    () => "the ssh command is missing on this machine; expected OpenSSH's client; install it here",
  ],
  [
    /unable to resolve docker endpoint/,
    ({ docker, gist }) =>
      `the Docker client does not accept ${docker}: ${gist}; expected unix://PATH, ssh://USER@HOST, or ` +
      "tcp://HOST:PORT with a directory of ca.pem, cert.pem and key.pem; correct docker or certificates",
  ],
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed/,
    ({ known, ssh }) =>
      "its SSH host key differs from the known one; either the machine was reinstalled, or somebody intercepts the " +
      "connection; read the key at its console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then run " +
      `ssh-keygen -R ${known} and ssh ${ssh}, and compare`,
  ],
  [
    /Host key verification failed/,
    ({ ssh }) =>
      `its SSH host key is unknown here; expected one that a person has accepted; run ssh ${ssh} once and ` +
      "compare the fingerprint with the machine's (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)",
  ],
  [
    /Permission denied \(|Too many authentication failures/,
    ({ user, ssh }) =>
      `it refuses the SSH login; expected a key of yours in the authorized_keys of ${user}, usable without a ` +
      `password; run ssh-copy-id ${ssh}, or ssh-add for a key with a passphrase`,
  ],
  [
    /exit status 127|docker: (command )?not found/,
    ({ user }) =>
      `the docker command of user ${user} is missing there; expected Docker 20.10 or newer, in the PATH of a session ` +
      "without a terminal; install it there",
  ],
  [
    /permission denied/,
    ({ user }) =>
      `${user} may not use its Docker socket; expected root or a member of the group docker; run ` +
      `sudo usermod -aG docker ${user} there, and log in again`,
  ],
  [
    /x509:|tls: |HTTPS/,
    ({ docker, host, certificates, gist }) =>
      `TLS with ${docker} failed: ${gist}; expected an engine whose certificate is for ${host} and from the ` +
      `authority in ${certificates}/ca.pem, and which trusts cert.pem there; correct certificates, or the engine's`,
  ],
];

const outages: readonly Cause[] = [
  [
    /connect to host .*: Connection refused/,
    ({ docker }) =>
      `nothing listens for SSH at ${docker}; expected sshd; start the machine or its sshd, or correct docker`,
  ],
  [
    /no such host|Could not resolve hostname/,
    ({ host }) => `the name ${host} has no address; expected one that DNS knows here; correct docker, or DNS`,
  ],
  [
    /timed out|i\/o timeout|No route to host|[Uu]nreachable/,
    ({ docker, gist }) =>
      `${docker} does not answer: ${gist}; expected a machine that is up and reachable from here; start it, or check ` +
      "its network and firewall",
  ],
  [
    /Cannot connect to the Docker daemon/,
    ({ docker }) =>
      `no Docker engine runs at ${docker}; expected one; start it there (systemctl start docker), or correct docker`,
  ],
];

/** Extracts the most telling line of a complaint. */
export function gist(complaint: string): string {
  const lines = complaint.replace(/^.*stderr=/s, "").split(/\s*\n\s*/);
  const last = lines.findLast((line) => line !== "" && !/^(Run|See) 'docker/.test(line));
  return last?.replace(/^.*(from daemon: |docker endpoint: |\/info": )/, "") ?? "for no reason given";
}

function partsOf({ docker, certificates = "" }: DeployedMachine, complaint: string): MessageParts {
  const url = URL.canParse(docker) ? new URL(docker) : undefined;
  const { hostname: host = "", port = "", username = "" } = url ?? {};
  const remote = username === "" ? host : `${username}@${host}`;
  return {
    docker,
    host,
    ssh: port === "" ? remote : `-p ${port} ${remote}`,
    known: port === "" ? host : `'[${host}]:${port}'`,
    user: username === "" ? "$USER" : username,
    certificates,
    gist: gist(complaint),
  };
}

/** True if an engine did not answer, rather than rejecting the question. */
export function isSilence(complaint: string): boolean {
  return /error during connect|Cannot connect to the Docker daemon|^timed out/.test(complaint);
}

/** Turns an error of the Docker client or ssh, for an engine that did not answer, into its cause and the fix. */
export function silence(machine: DeployedMachine, complaint: string): Silence {
  const says = ([pattern]: Cause) => pattern.test(complaint);
  const parts = partsOf(machine, complaint);
  const mistake = mistakes.find(says);
  if (mistake) return { fault: mistake[1](parts), down: false };
  const outage = outages.find(says);
  const fault =
    outage?.[1](parts) ??
    `its Docker engine does not answer: ${parts.gist}; expected an answer; try docker --host ${machine.docker} info`;
  return { fault, down: true };
}
