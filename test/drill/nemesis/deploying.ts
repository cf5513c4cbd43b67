/** Deploys as a fault; each method returns evidence of its effect. */
export interface Deployer {
  /** Deploys with `by` more or fewer workers. */
  scale(by: number): Promise<string>;
  /** Deploys with a setting that reaches all roles. */
  change(): Promise<string>;
  /** Starts a deployment, kills it after a number of seconds, and deploys again. */
  killed(seconds: number): Promise<string>;
}
