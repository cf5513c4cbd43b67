import { acceptedEarlierRules } from "../rules/acceptedEarlier.ts";
import { addressRules } from "../rules/airflow/addresses.ts";
import { apiCapacityRule } from "../rules/airflow/apiCapacity.ts";
import { celeryRules } from "../rules/airflow/celery.ts";
import { dagsContentRules, dagsRules } from "../rules/airflow/dags.ts";
import { declarationRules, declarationsFileRules } from "../rules/airflow/declarations.ts";
import { extraCeleryRule } from "../rules/airflow/extraCelery.ts";
import { heartbeatRules } from "../rules/airflow/heartbeats.ts";
import { knownRule } from "../rules/airflow/known.ts";
import { loginRules } from "../rules/airflow/login.ts";
import { logRule, remotePlaceRule } from "../rules/airflow/logs.ts";
import { reservedRules } from "../rules/airflow/reserved.ts";
import { ownPoolRules, parallelismRules, poolRule } from "../rules/airflow/slots.ts";
import { timeoutRules } from "../rules/airflow/timeouts.ts";
import { valueRules } from "../rules/airflow/values.ts";
import type { Fault } from "../rules/fault.ts";
import { imageRule, redisImageRule } from "../rules/images/imageTags.ts";
import { packageRule } from "../rules/images/packages.ts";
import { requirementRule } from "../rules/images/requirements.ts";
import { versionRules } from "../rules/images/versions.ts";
import { composedRules } from "../rules/names/composed.ts";
import { foreignRules } from "../rules/names/foreign.ts";
import { userRule } from "../rules/names/users.ts";
import { alertContentRules, alertLoginRules } from "../rules/network/alerts.ts";
import { clusterRules, egressRangeRule } from "../rules/network/cluster.ts";
import { egressRules } from "../rules/network/egress.ts";
import { engineCertificateRule } from "../rules/network/engineCertificates.ts";
import { ingressRules } from "../rules/network/ingress.ts";
import { loginProviderRules } from "../rules/network/login.ts";
import { loopbackRules } from "../rules/network/loopback.ts";
import { portRules } from "../rules/network/ports.ts";
import { proxyAndAuthorityRules } from "../rules/network/proxyAndAuthorities.ts";
import { publishAddressRule, publishFileRules, publishRules } from "../rules/network/publish.ts";
import { headerRule, tracingRule } from "../rules/network/tracing.ts";
import { trustedProxyRules } from "../rules/network/trustedProxies.ts";
import { platformRules } from "../rules/platform.ts";
import { roleMemoryRule } from "../rules/roles/memory.ts";
import { backupPlaceRule, mountRule } from "../rules/roles/mounts.ts";
import { ownCodeRules } from "../rules/roles/ownCode.ts";
import { podRules } from "../rules/roles/pods.ts";
import { roleRules } from "../rules/roles/roles.ts";
import { sizeRules } from "../rules/roles/sizes.ts";
import { targetRule } from "../rules/roles/targets.ts";
import type { Rule } from "../rules/rule.ts";
import { clusterSecretRule } from "../rules/secrets/clusterSecrets.ts";
import { emptyFileRule } from "../rules/secrets/emptyFiles.ts";
import { keyRule } from "../rules/secrets/keys.ts";
import { backupKeyRule, passwordRule } from "../rules/secrets/passwords.ts";
import { plainLoginRules } from "../rules/secrets/plainLogins.ts";
import { secretFormRules } from "../rules/secrets/secretForms.ts";
import { bucketContentRules, bucketRules } from "../rules/services/bucket.ts";
import { connectionRules } from "../rules/services/connections.ts";
import { continuousRule } from "../rules/services/continuous.ts";
import { postgresRules } from "../rules/services/postgresSettings.ts";
import { redisRules } from "../rules/services/redisSettings.ts";
import { serverMemoryRules } from "../rules/services/serverMemory.ts";
import { serviceRules } from "../rules/services/services.ts";
import { tlsRules } from "../rules/services/tls.ts";
import { urlRule } from "../rules/services/urls.ts";
import { memoryRules } from "../rules/workers/memory.ts";
import { placementRules } from "../rules/workers/placement.ts";
import { queueRules } from "../rules/workers/queues.ts";
import { concurrencyRules } from "../rules/workers/workers.ts";
import { schema } from "../schema/schema.ts";
import { partOf, unreadable } from "./parts.ts";

/** Rules about the contents of files that a stack names, which may change or expire after a deployment. */
const contentRules: readonly Rule[] = [
  alertContentRules,
  bucketContentRules,
  dagsContentRules,
  emptyFileRule,
  engineCertificateRule,
  headerRule,
  ownCodeRules,
  proxyAndAuthorityRules,
  publishFileRules,
  requirementRule,
  tlsRules,
].flat();

/** Rules that a deployed stack may break and run: about what is outside of it, and what earlier releases accepted. */
const correctableRules: readonly Rule[] = [
  acceptedEarlierRules,
  alertLoginRules,
  backupKeyRule,
  backupPlaceRule,
  connectionRules,
  declarationsFileRules,
  egressRangeRule,
  egressRules,
  loopbackRules,
  ownPoolRules,
  plainLoginRules,
  podRules,
  publishAddressRule,
  redisImageRule,
  remotePlaceRule,
  roleMemoryRule,
  valueRules,
].flat();

/** Rules that a deployed stack always fulfils, so that commands that look at it or remove it may check them. */
export const lastingRules: readonly Rule[] = [
  addressRules,
  apiCapacityRule,
  bucketRules,
  celeryRules,
  concurrencyRules,
  continuousRule,
  clusterRules,
  clusterSecretRule,
  dagsRules,
  tracingRule,
  declarationRules,
  extraCeleryRule,
  heartbeatRules,
  imageRule,
  ingressRules,
  keyRule,
  knownRule,
  logRule,
  loginProviderRules,
  loginRules,
  memoryRules,
  mountRule,
  composedRules,
  foreignRules,
  userRule,
  packageRule,
  parallelismRules,
  passwordRule,
  placementRules,
  platformRules,
  poolRule,
  portRules,
  postgresRules,
  publishRules,
  queueRules,
  redisRules,
  reservedRules,
  roleRules,
  secretFormRules,
  serverMemoryRules,
  serviceRules,
  sizeRules,
  targetRule,
  timeoutRules,
  trustedProxyRules,
  urlRule,
  versionRules,
].flat();

export const rules: readonly Rule[] = [...lastingRules, ...correctableRules, ...contentRules];

/** True if there is a value at a path; null and an empty list count as none. */
function isGivenIn(given: unknown, path: string): boolean {
  const value: unknown = path.split(".").reduce((outer, key) => Reflect.get(Object(outer), key), given);
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

/** Lists the faults that a rule finds; none if a value that the rule needs is wrong by itself. */
export function faultsOf({ needs, check }: Rule, given: Readonly<Record<string, unknown>>): readonly Fault[] {
  const paths = needs.map((path) => path.split("."));
  const parts = partOf(schema, given, paths);
  return parts === unreadable ? [] : check(parts as never, (path) => isGivenIn(given, path));
}

/** Lists the faults between values that are valid by themselves. */
export function crossChecks(
  given: Readonly<Record<string, unknown>>,
  checked: readonly Rule[] = rules,
): Fault[] {
  const found = (isGeneral: boolean) =>
    checked
      .filter((rule) => valueRules.includes(rule) === isGeneral)
      .flatMap((rule) => faultsOf(rule, given));
  const specific = found(false);
  const paths = new Set(specific.map(({ path }) => JSON.stringify(path)));
  // Other rules say more about a value than its type.
  return [...specific, ...found(true).filter(({ path }) => !paths.has(JSON.stringify(path)))];
}
