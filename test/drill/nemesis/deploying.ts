/** Deployments as faults. Each returns its evidence. */
export interface Deployer {
  /** Deploys with so many workers more or less. */
  scale(by: number): Promise<string>;
  /** Deploys with a setting that reaches all roles. */
  change(): Promise<string>;
  /** Kills a deployment after so many seconds, and then deploys. */
  killed(seconds: number): Promise<string>;
}
