import type * as pulumi from "@pulumi/pulumi";
import { forPlatform } from "../capabilities.ts";
import type { Settings } from "../settings/model/groups.ts";
import { kubernetesDefaults } from "../settings/schema/kubernetes.ts";
import type { Platform } from "../workload.ts";
import { machinesOf } from "./machines.ts";
import type { FindClaims } from "./ownership/claims.ts";
import { type StateResource, volumesIn } from "./ownership/known.ts";

/**
 * Keeps volumes that the last deployment had and this one does not use, such as those of a service that is now external.
 * @param resources resources of the last deployment
 * @returns names of the volumes on the platform
 */
export function keepVolumes(
  platform: Platform,
  { platform: name }: Pick<Settings, "platform">,
  resources: readonly StateResource[],
): readonly string[] {
  const kind = forPlatform<"volume" | "claim">(name, { docker: "volume", kubernetes: "claim" });
  return platform.keep(volumesIn(resources, kind));
}

/**
 * Makes the platform of a stack. Loads only that platform's provider, which takes a second.
 * @param look for deployments: checks that the stack's names are free or its own
 * @param opts parent of the platform's resources; default: the stack
 */
export function platformOf(
  settings: Settings,
  name: string,
  look?: FindClaims,
  opts?: pulumi.ComponentResourceOptions,
): Promise<Platform> {
  const { labels } = settings;
  const make = forPlatform<() => Promise<Platform>>(settings.platform, {
    docker: async () => {
      const { DockerPlatform } = await import("./docker/docker.ts");
      const { images, gatewayPort, certificateGeneration } = settings;
      const fleet = {
        machines: machinesOf(settings),
        gateway: { image: images.gateway, port: gatewayPort },
        certificateGeneration,
        labels,
        look,
      };
      return new DockerPlatform("docker", name, fleet, opts);
    },
    kubernetes: async () => {
      const { KubernetesPlatform } = await import("./kubernetes/kubernetes.ts");
      const { kubernetes = kubernetesDefaults, machines } = settings;
      const { ingress } = kubernetes;
      const args = {
        machines,
        labels,
        addresses: {
          webserver: ingress?.webserver,
          flower: ingress?.flower,
          monitoring: ingress?.monitoring,
        },
        look,
      };
      return new KubernetesPlatform("kubernetes", name, kubernetes, args, opts);
    },
  });
  return make();
}
