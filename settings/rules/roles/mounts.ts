import { posix } from "node:path";
import type { ParsedConfig } from "../../schema/schema.ts";
import type { Fault } from "../fault.ts";

/** Directories with all below them. */
const trees = [
  "/proc",
  "/sys",
  "/dev",
  "/boot",
  "/var/lib/docker",
  "/var/lib/containerd",
  "/var/lib/kubelet",
];
/** Directories that are dangerous as a whole, while there may be something harmless in them. */
const wholes = ["/", "/etc", "/run", "/var", "/var/run", "/var/lib", "/root", "/home", "/usr"];
const socket = /(^|\/)(docker|containerd|crio|podman|buildkitd)\.sock$/;

/** What is wrong with a directory of the machine in a container; nothing, if nothing is. */
function danger(directory: string): string | undefined {
  const path = posix.normalize(directory).replace(/(.)\/$/, "$1");
  if (socket.test(path)) return "whoever has the engine's socket is root on the machine";
  if (wholes.includes(path)) return `${path} has the engine's socket or keys of the machine in it`;
  const tree = trees.find((root) => path === root || path.startsWith(`${root}/`));
  return tree === undefined ? undefined : `${tree} is the machine's own`;
}

/** Parts of the machine that would make a task its master. */
export function mountFaults({ roles }: ParsedConfig): Fault[] {
  return Object.entries(roles).flatMap(([role, extras]) =>
    Object.entries(extras?.volumes ?? {}).flatMap(([path, given]) => {
      const why = given.startsWith("/") ? danger(given) : undefined;
      return why === undefined
        ? []
        : [
            {
              path: ["roles", role, "volumes", path],
              message: `${why}: expected a directory with nothing but what tasks read, such as /srv/data, or the name of a volume`,
            },
          ];
    }),
  );
}
