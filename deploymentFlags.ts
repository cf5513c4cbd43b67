/** Environment variables of the flags that a deployment reads; commands set them, `pulumi up` alone takes them as they are. */
const variables = {
  adopt: "AIRFLOW_ADOPT",
  "at-once": "AIRFLOW_AT_ONCE",
  "continue-on-error": "AIRFLOW_CONTINUE_ON_ERROR",
  /** Restores a backup before anything uses the databases. */
  restore: "AIRFLOW_RESTORE",
  /** Lets another version migrate the database: set by `npm run upgrade`, which can go back. */
  upgrade: "AIRFLOW_UPGRADE",
} as const;

type DeploymentFlag = keyof typeof variables;

/** True if the deployment was started with a flag. */
export function hasFlag(flag: DeploymentFlag): boolean {
  return process.env[variables[flag]] === "true";
}

/** Gives flags to this process, and to the deployments that it starts. */
export function setFlags(flags: { readonly [K in DeploymentFlag]?: boolean | undefined }): void {
  for (const flag of Object.keys(variables) as DeploymentFlag[]) {
    if (flags[flag]) process.env[variables[flag]] = "true";
  }
}
