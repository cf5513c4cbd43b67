import { Refused } from "../../../../settings/read/yaml/refused.ts";
import { settingsFrom } from "../../settingsFrom.ts";

export type Config = Readonly<Record<string, unknown>>;

/** The least that a cluster needs. */
export const cluster = {
  platform: "kubernetes",
  images: { airflow: "r.test/a:1", postgres: "r.test/p:1", redis: "r.test/r:1" },
  dagsGit: { url: "https://git.test/dags.git" },
};

/** Faults of a stack, without the file name. */
export function faults(config: Config): string[] {
  const raw = Object.entries(config).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  try {
    settingsFrom(Object.fromEntries(raw), () => "stack");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const lines = error.message.split("\n").slice(1);
    return lines.map((line) => line.replace(/^ +stack: /, ""));
  }
  return [];
}
