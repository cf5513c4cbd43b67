/** Processes of Airflow; a version may lack one. */
export const roles = [
  "migration",
  "scheduler",
  "webserver",
  "dag-processor",
  "triggerer",
  "worker",
  "flower",
] as const;
export type Role = (typeof roles)[number];
