import type { Machine } from "../../machines.ts";

/** Why an engine did not answer. */
export interface Silence {
  readonly fault: string;
  /** True if the machine may just be down; every other cause needs a person. */
  readonly down: boolean;
}

/** Facts of a machine that messages are made of. */
interface Place {
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

type Cause = readonly [complaint: RegExp, fault: (place: Place) => string];

const mistakes: readonly Cause[] = [
  [
    /spawn docker ENOENT/,
    () => "there is no docker command here to ask it with; it takes Docker's client; install it here",
  ],
  [
    /"ssh": executable file not found|spawn ssh ENOENT/,
    () => "there is no ssh command here to reach it with; it takes OpenSSH's client; install it here",
  ],
  [
    /unable to resolve docker endpoint/,
    ({ docker, gist }) =>
      `the Docker client does not accept ${docker}: ${gist}; expected unix://PATH, ssh://USER@HOST, and ` +
      "tcp://HOST:PORT with a directory of ca.pem, cert.pem and key.pem; correct docker or certificates",
  ],
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed/,
    ({ known, ssh }) =>
      `its SSH host key is not the one that is known here; either it was installed anew, or somebody stands ` +
      `between; ask it at its console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then run ` +
      `ssh-keygen -R ${known} and ssh ${ssh}, and compare`,
  ],
  [
    /Host key verification failed/,
    ({ ssh }) =>
      `its SSH host key is not known here; expected one that a person has accepted; run ssh ${ssh} once and ` +
      "compare the fingerprint with the machine's (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)",
  ],
  [
    /Permission denied \(|Too many authentication failures/,
    ({ user, ssh }) =>
      `it does not let us in over SSH; expected keys in the authorized_keys of ${user}, without a question for ` +
      `a password; run ssh-copy-id ${ssh}, or ssh-add for a key with a passphrase`,
  ],
  [
    /exit status 127|docker: (command )?not found/,
    ({ user }) =>
      `${user} finds no docker command there; it takes Docker 20.10 or newer, in the PATH of a session without a ` +
      "terminal; install it there",
  ],
  [
    /permission denied/,
    ({ user }) =>
      `${user} may not use its Docker socket; expected root and members of the group docker; run ` +
      `sudo usermod -aG docker ${user} there, and log in anew`,
  ],
  [
    /x509:|tls: |HTTPS/,
    ({ docker, host, certificates, gist }) =>
      `TLS with ${docker} failed: ${gist}; expected an engine whose certificate is for ${host} and from the ` +
      `authority in ${certificates}/ca.pem, and that trusts cert.pem there; correct certificates, or the engine's`,
  ],
];

const outages: readonly Cause[] = [
  [
    /connect to host .*: Connection refused/,
    ({ docker }) =>
      `nothing listens for SSH at ${docker}; it must be up; start the machine or its sshd, or correct docker`,
  ],
  [
    /no such host|Could not resolve hostname/,
    ({ host }) => `${host} is a name without an address; it must be found from here; correct docker, or DNS`,
  ],
  [
    /timed out|i\/o timeout|No route to host|[Uu]nreachable/,
    ({ docker, gist }) =>
      `${docker} does not answer: ${gist}; it must be up and reachable from here; start the machine, or look ` +
      "at its network and firewall",
  ],
  [
    /Cannot connect to the Docker daemon/,
    ({ docker }) =>
      `no Docker engine runs at ${docker}; one must; start it there (systemctl start docker), or correct docker`,
  ],
];

/** Extracts the most telling line of a complaint. */
export function gist(complaint: string): string {
  const lines = complaint.replace(/^.*stderr=/s, "").split(/\s*\n\s*/);
  const last = lines.findLast((line) => line !== "" && !/^(Run|See) 'docker/.test(line));
  return last?.replace(/^.*(from daemon: |docker endpoint: |\/info": )/, "") ?? "for no reason given";
}

function placeOf({ docker, certificates = "" }: Machine, complaint: string): Place {
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
export function silence(machine: Machine, complaint: string): Silence {
  const says = ([pattern]: Cause) => pattern.test(complaint);
  const place = placeOf(machine, complaint);
  const mistake = mistakes.find(says);
  if (mistake) return { fault: mistake[1](place), down: false };
  const outage = outages.find(says);
  const fault =
    outage?.[1](place) ??
    `its Docker engine does not answer: ${place.gist}; it must; find out with docker --host ${machine.docker} info`;
  return { fault, down: true };
}
