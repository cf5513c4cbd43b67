import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { dagFiles, isExecutable } from "../../settings/model/names/dagFiles.ts";
import type { Job } from "../../workload.ts";
import { jobContainer, type Placement } from "./container.ts";

const inbox = "/tmp/delivery";
const program = readFileSync(new URL("deliver.sh", import.meta.url), "utf8");

export interface DeliveryArgs {
  /** Directory on the deploying machine. */
  readonly folder: string;
  /** Path at which workloads mount it. */
  readonly target: string;
  readonly volume: pulumi.Input<string>;
  /** The workload that reads the files: its image runs the copy, and its user owns them. */
  readonly reader: Pick<Job, "image" | "user">;
}

/** Renders the container that copies a directory into a volume of another machine; changed files make a new container. */
export function deliveryContainer(
  name: string,
  { folder, target, volume, reader }: DeliveryArgs,
  placement: Placement,
): docker.ContainerArgs {
  const job = jobContainer(
    name,
    {
      image: reader.image,
      user: reader.user,
      command: ["sh", "-c", program, "deliver", inbox, target],
      volumes: { [target]: { kind: "data", name: volume, sharing: "shared" } },
      limits: { memory: 256, cpu: 1 },
      reaches: [],
      stop: { signal: "SIGTERM", graceSeconds: 10 },
    },
    placement,
  );
  const uploads = dagFiles(folder).map(({ source }) => ({
    file: join(inbox, source.slice(folder.length)),
    source,
    sourceHash: createHash("sha256").update(readFileSync(source)).digest("hex"),
    permissions: isExecutable(source) ? "0555" : "0444",
  }));
  return { ...job, uploads };
}
