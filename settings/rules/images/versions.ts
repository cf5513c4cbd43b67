import { builtVersions } from "../../../images/local.ts";
import type { ParsedConfig } from "../../schema/schema.ts";
import { majorOf, releaseOf, releases } from "../../schema/versions.ts";
import type { Fault } from "../fault.ts";

const known = releases.map((release) => `${release}.x`).join(" and ");

/** Rejects versions whose settings are not known, or for which there is no image. */
export function versionFaults({ version, images }: ParsedConfig): Fault[] {
  const path = ["version"];
  const built = builtVersions();
  if (releaseOf(version) === undefined) {
    return [
      {
        path,
        message: `expected ${known}: of those ${built.join(" and ")} are built here, without images`,
      },
    ];
  }
  if (images.airflow !== undefined || built.includes(version)) return [];
  const message = `expected ${built.join(" and ")}, which are built here: another one needs images.airflow, an image with it`;
  return [{ path, message }];
}

/** Rejects features that Airflow 2 does not have. */
export function absentFaults({ version, dagsGit, machines = [], roles }: ParsedConfig): Fault[] {
  if (majorOf(version) === "3") return [];
  const none = `Airflow ${version} has no dag-processor, its scheduler reads DAG files: expected scheduler`;
  return [
    ...(dagsGit
      ? [
          {
            path: ["dagsGit"],
            message: `Airflow ${version} reads no repository by itself: expected version 3.3.x, or dags or dagsImage`,
          },
        ]
      : []),
    ...machines.flatMap((machine, at) =>
      (machine.roles ?? []).flatMap((role, index) =>
        role === "dag-processor" ? [{ path: ["machines", at, "roles", index], message: none }] : [],
      ),
    ),
    ...(roles["dag-processor"] === undefined ? [] : [{ path: ["roles", "dag-processor"], message: none }]),
  ];
}
