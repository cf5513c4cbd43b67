/** Deployments as faults. Each returns its evidence. */
export interface Deployer {
  /** Deploys with `by` more or fewer workers. */
  scale(by: number): Promise<string>;
  /** Deploys with a setting that reaches all roles. */
  change(): Promise<string>;
  /** Kills a deployment after a number of seconds, then deploys. */
  killed(seconds: number): Promise<string>;
}
