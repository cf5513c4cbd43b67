import { existsSync } from "node:fs";
import { posix } from "node:path";
import { directoryHeldBack, isOfProject, placeHeldBack } from "../../schema/files/guarded.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { entryFaults } from "./entries.ts";

/** Directories that are dangerous with everything below them. */
const trees = [
  "/proc",
  "/sys",
  "/dev",
  "/boot",
  "/var/lib/docker",
  "/var/lib/containerd",
  "/var/lib/kubelet",
];
/** Directories that are dangerous as a whole, but may contain harmless ones. */
const wholes = ["/", "/etc", "/run", "/var", "/var/run", "/var/lib", "/root", "/home", "/usr"];
const socket = /(^|\/)(docker|containerd|crio|podman|buildkitd)\.sock$/;

/** Explains why a directory of the machine is dangerous in a container; undefined if it is not. */
function danger(directory: string, heldBack: (path: string) => string | undefined): string | undefined {
  const path = posix.normalize(directory).replace(/(.)\/$/, "$1");
  if (socket.test(path)) return "a program with the engine's socket is root on the machine";
  if (wholes.includes(path)) return `${path} contains the engine's socket or keys of the machine`;
  const tree = trees.find((root) => path === root || path.startsWith(`${root}/`));
  if (tree !== undefined) return `${tree} belongs to the machine`;
  // Checks the directory of this machine alone: another machine may have another one at the same path.
  return existsSync(path) ? heldBack(path) : undefined;
}

/** Rejects a directory of backups that is another's: the backup writes there, and a removal of the stack leaves it. */
export const backupPlaceRule = rule(["backup.to"], ({ backup: { to } = { to: "volume" } }) => {
  if (!to.startsWith("/")) return [];
  const problem = isOfProject(to) ? "it is in the project itself" : danger(to, placeHeldBack);
  return faultAt(
    ["backup", "to"],
    problem && `${problem}: expected a directory for nothing but backups, such as /srv/backups`,
  );
});

/** Rejects mounts that would give a task control of the machine. */
export const mountRule = rule(["roles.*.volumes.*"], ({ roles }) =>
  entryFaults(roles, "volumes", (_, volume) => {
    const problem = volume.startsWith("/") ? danger(volume, directoryHeldBack) : undefined;
    return (
      problem &&
      `${problem}: expected a directory that holds only what tasks read, such as /srv/data, or the name of a volume`
    );
  }),
);
