import { apiCapacityFaults } from "../rules/airflow/apiCapacity.ts";
import { executorFaults, resultBackendFaults } from "../rules/airflow/celery.ts";
import { dagsFaults } from "../rules/airflow/dags.ts";
import { declarationFaults } from "../rules/airflow/declarations.ts";
import { knownFaults } from "../rules/airflow/known.ts";
import { loginFaults, publicRoleFaults } from "../rules/airflow/login.ts";
import { parallelismFaults } from "../rules/airflow/parallelism.ts";
import { poolFaults } from "../rules/airflow/pools.ts";
import { reservedFaults, variableFaults } from "../rules/airflow/reserved.ts";
import { timeoutFaults } from "../rules/airflow/timeouts.ts";
import type { Check, Fault } from "../rules/fault.ts";
import { imageFaults } from "../rules/images/imageTags.ts";
import { packagesFaults } from "../rules/images/packages.ts";
import { absentFaults, versionFaults } from "../rules/images/versions.ts";
import { portFaults } from "../rules/network/ports.ts";
import { authorityFaults, proxyFaults } from "../rules/network/proxyAndAuthorities.ts";
import { publishFaults } from "../rules/network/publish.ts";
import { platformFaults } from "../rules/platform.ts";
import { ifReadable } from "../rules/readable.ts";
import { mountFaults } from "../rules/roles/mounts.ts";
import { labelFaults, roleFaults } from "../rules/roles/roles.ts";
import { clusterSecretFaults } from "../rules/secrets/clusterSecrets.ts";
import { keyFaults } from "../rules/secrets/keys.ts";
import { passwordFaults } from "../rules/secrets/passwords.ts";
import { formFaults, generationFaults } from "../rules/secrets/secretForms.ts";
import { connectionFaults } from "../rules/services/connections.ts";
import { postgresFaults } from "../rules/services/postgresSettings.ts";
import { redisFaults } from "../rules/services/redisSettings.ts";
import { serviceFaults } from "../rules/services/services.ts";
import { urlFaults } from "../rules/services/urls.ts";
import { memoryFaults } from "../rules/workers/memory.ts";
import { userFaults, workerNameFaults } from "../rules/workers/names.ts";
import { placementFaults } from "../rules/workers/placement.ts";
import { queueTwiceFaults, unservedQueueFaults } from "../rules/workers/queues.ts";
import { concurrencyFaults } from "../rules/workers/workers.ts";
import type { ParsedConfig, RawConfig } from "../schema/schema.ts";

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

/** Lists the faults between values that are right by themselves. */
export function crossChecks(parsed: ParsedConfig, given: RawConfig): Fault[] {
  return checks.flatMap((check) => ifReadable(() => check(parsed, given)));
}
