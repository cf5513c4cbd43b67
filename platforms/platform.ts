import type { Settings } from "../groups.ts";
import { kubernetesDefaults } from "../settings.ts";
import type { Platform } from "../workload.ts";

/** The platform of a stack; only its provider is loaded, which takes a second. */
export async function platformOf(settings: Settings, name: string): Promise<Platform> {
  if (settings.platform === "docker") {
    const { DockerPlatform } = await import("./docker.ts");
    return new DockerPlatform("docker", name);
  }
  const { KubernetesPlatform } = await import("./kubernetes.ts");
  return new KubernetesPlatform("kubernetes", name, settings.kubernetes ?? kubernetesDefaults);
}
