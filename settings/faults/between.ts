import type { Given, Stated } from "../schema.ts";
import { apiCapacityFaults } from "./apiCapacity.ts";
import { executorFaults, resultBackendFaults } from "./celery.ts";
import { clusterSecretFaults } from "./clusterSecrets.ts";
import { connectionFaults } from "./connections.ts";
import { dagsFaults } from "./dags.ts";
import { declarationFaults } from "./declarations.ts";
import type { Check, Fault } from "./fault.ts";
import { imageFaults } from "./imageTags.ts";
import { keyFaults } from "./keys.ts";
import { knownFaults } from "./known.ts";
import { loginFaults, publicRoleFaults } from "./login.ts";
import { memoryFaults } from "./memory.ts";
import { mountFaults } from "./mounts.ts";
import { userFaults, workerNameFaults } from "./names.ts";
import { authorityFaults, proxyFaults } from "./outside.ts";
import { packagesFaults } from "./packages.ts";
import { parallelismFaults } from "./parallelism.ts";
import { passwordFaults } from "./passwords.ts";
import { placementFaults } from "./placement.ts";
import { platformFaults } from "./platform.ts";
import { poolFaults } from "./pools.ts";
import { portFaults } from "./ports.ts";
import { postgresFaults } from "./postgresSettings.ts";
import { publishFaults } from "./publish.ts";
import { queueTwiceFaults, unservedQueueFaults } from "./queues.ts";
import { ifReadable } from "./readable.ts";
import { redisFaults } from "./redisSettings.ts";
import { reservedFaults, variableFaults } from "./reserved.ts";
import { labelFaults, roleFaults } from "./roles.ts";
import { formFaults, generationFaults } from "./secretForms.ts";
import { serviceFaults } from "./services.ts";
import { timeoutFaults } from "./timeouts.ts";
import { urlFaults } from "./urls.ts";
import { absentFaults, versionFaults } from "./versions.ts";
import { concurrencyFaults } from "./workers.ts";

const checks: readonly Check[] = [
  versionFaults,
  absentFaults,
  knownFaults,
  ...placementFaults,
  platformFaults,
  ...portFaults,
  concurrencyFaults,
  dagsFaults,
  ...declarationFaults,
  userFaults,
  workerNameFaults,
  queueTwiceFaults,
  unservedQueueFaults,
  poolFaults,
  parallelismFaults,
  apiCapacityFaults,
  memoryFaults,
  ...timeoutFaults,
  executorFaults,
  resultBackendFaults,
  reservedFaults,
  variableFaults,
  loginFaults,
  publicRoleFaults,
  redisFaults,
  postgresFaults,
  imageFaults,
  ...packagesFaults,
  mountFaults,
  ...roleFaults,
  labelFaults,
  authorityFaults,
  proxyFaults,
  ...publishFaults,
  clusterSecretFaults,
  urlFaults,
  serviceFaults,
  connectionFaults,
  passwordFaults,
  keyFaults,
  formFaults,
  generationFaults,
];

/** Faults of values that are right by themselves. */
export function faultsBetween(parsed: Stated, given: Given): Fault[] {
  return checks.flatMap((check) => ifReadable(() => check(parsed, given)));
}
