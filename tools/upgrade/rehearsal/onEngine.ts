import { inContainer } from "../../lib/dags/container.ts";
import { bareScene } from "../../lib/dags/scene.ts";
import type { OnStage } from "./stage.ts";

/** Starts the new version in the network of the container that backs up, on the engine of that container. */
export const onEngine: OnStage = ({ settings, place }, use) => {
  const { name, machine } = place;
  const scene = bareScene(settings, settings.images.airflow, settings.dags);
  const flags = ["--network", `container:${name}`, "--memory", "1g"];
  return use({
    restorer: place,
    run: (env, command) =>
      inContainer({ ...scene, machine, files: [], flags, env: { ...scene.env, ...env } }, command, ""),
  });
};
