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
  /** Host whose key ssh complains about, as in known_hosts: an alias or a jump host of ssh's configuration is another one. */
  readonly known: string;
  /** Host that has no address. */
  readonly nameless: string;
  /** Login that was refused, as arguments of ssh-copy-id. */
  readonly login: string;
  /** Host and port at which nothing listens. */
  readonly deaf: string;
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
    /Bad owner or permissions on|[Bb]ad configuration option|too long for Unix domain socket|ControlPath too long/,
    ({ gist }) =>
      `ssh does not accept its configuration on this machine: ${gist}; expected what man ssh_config describes; correct it`,
  ],
  [
    /UNPROTECTED PRIVATE KEY FILE/,
    ({ ssh }) =>
      `ssh ignores the private key, which other users of this machine may read; expected a file of its owner alone; run ` +
      `chmod 600 on the file that ssh ${ssh} names`,
  ],
  [
    /docker\.example\.com.*malformed HTTP/s,
    ({ ssh, gist }) =>
      `its shell writes text into sessions without a terminal: ${gist}; expected silence: ssh ${ssh} true prints nothing; ` +
      "correct the shell's start files there",
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
    /Too many authentication failures/,
    ({ host }) =>
      "it refuses the SSH login after too many keys of the agent; expected the right one first; set IdentityFile and " +
      `IdentitiesOnly yes for ${host} in ~/.ssh/config`,
  ],
  [
    /Permission denied \(/,
    ({ user, login }) =>
      `it refuses the SSH login; expected a key of yours in the authorized_keys of ${user}, usable without a ` +
      `password; run ssh-copy-id ${login}, or ssh-add for a key with a passphrase`,
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
    ({ deaf }) =>
      `nothing listens for SSH at ${deaf}; expected sshd; start the machine or its sshd, or correct docker`,
  ],
  [
    /no such host|Could not resolve hostname/,
    ({ nameless }) =>
      `the name ${nameless} has no address; expected one that DNS knows here; correct docker, or DNS`,
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

/** What ssh says at the end of a connection that had failed before, for instance at a jump host. */
const aftermath = /^(Connection closed by|kex_exchange_identification:|stdio forwarding failed)/;

/** Extracts the most telling line of a complaint. */
export function gist(complaint: string): string {
  const text = complaint.replace(/^.*stderr=/s, "").split(/\s*\n\s*/);
  const lines = text.filter((line) => line !== "" && !/^(Run|See) 'docker/.test(line));
  const last = lines.findLast((line) => !aftermath.test(line)) ?? lines.at(-1);
  return last?.replace(/^.*(from daemon: |docker endpoint: |\/info": )/, "") ?? "for no reason given";
}

function partsOf({ docker, certificates = "" }: DeployedMachine, complaint: string): MessageParts {
  const url = URL.canParse(docker) ? new URL(docker) : undefined;
  const { hostname: host = "", port = "", username = "" } = url ?? {};
  const remote = username === "" ? host : `${username}@${host}`;
  const ssh = port === "" ? remote : `-p ${port} ${remote}`;
  const [, changed = port === "" ? host : `[${host}]:${port}`] =
    /Host key for (\S+) has changed/.exec(complaint) ?? [];
  const [, nameless = host] = /(?:resolve hostname|lookup) ([^\s:]+)/.exec(complaint) ?? [];
  const [, refused, at] = /(?:^|[\s=])([^\s@=]+)@([^\s@]+): Permission denied \(/.exec(complaint) ?? [];
  const [, deafHost = host, deafPort = port] =
    /connect to host (\S+) port (\d+): Connection refused/.exec(complaint) ?? [];
  return {
    docker,
    host,
    ssh,
    known: changed.startsWith("[") ? `'${changed}'` : changed,
    nameless,
    login: at === undefined || at === host ? ssh : `${refused}@${at}`,
    deaf: deafHost === host ? docker : `${deafHost}, port ${deafPort}, on the way to ${docker}`,
    user: refused ?? (username === "" ? "$USER" : username),
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
