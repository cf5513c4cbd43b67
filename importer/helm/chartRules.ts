import { convertVersion } from "../image.ts";
import { conversionRule, handled, type ImportRule, taken, unsupported } from "../rule.ts";
import { signingKey } from "../settings.ts";
import { convertQuantity, parseInteger } from "../units.ts";
import {
  brokerRule,
  convertConfig,
  convertExecutor,
  metadataConnection,
  resultConnection,
  variableRule,
} from "./configuration.ts";
import { dagsClaim, gitSync } from "./dags.ts";
import { airflow, image, pullSecret } from "./images.ts";
import {
  chartIngress,
  everyIngress,
  ingressAnnotations,
  ingressHost,
  ingressPath,
  ingressSwitch,
  service,
} from "./ingress.ts";
import { everyNode, nodes, tolerations } from "./placement.ts";
import { podRules } from "./pods.ts";
import { retentionRules } from "./retention.ts";
import { alias, commandLine, enabledRole, pool, roleLabels, roleReplicas, user } from "./roles.ts";
import { chartClaim, logVolume, workerLogs } from "./storage.ts";
import {
  anyRole,
  aWholeNumber,
  chartRoles,
  isTemplate,
  namedSecretRule,
  off,
  onlyIf,
  rolesByChartName,
  secretRule,
  template,
  unlessOff,
  type ValueLookup,
  whenOn,
} from "./values.ts";
import { groupOf, keda, queues, replicas, resource, workersRules } from "./workers.ts";

const probes = handled("each role is checked by the stack, and restarted when it hangs");

const pods = handled("every pod is admitted under Pod Security restricted");

const accounts = handled("pods have no token of the API");

const history = handled("the stack decides it");

const volumes = unsupported("expected volumes or files of roles");

const sidecars = unsupported("only pods of Airflow's roles take containers, and none takes ports");

const annotations = unsupported(
  "only pods of Airflow's roles, the Ingress and the ServiceAccount take annotations",
);

const placing = unsupported("the stack spreads its roles itself; see nodeLabels and controlLabels");

const priorities = unsupported("the stack makes its own classes on request: expected kubernetes.priority");

const monitoring =
  "the stack has no StatsD exporter: expected monitoring, or settings.metrics with an exporter of yours";

const traffic = "only needed traffic is allowed: expected kubernetes.ingress or kubernetes.egress";

export const chartRules: readonly ImportRule<ValueLookup>[] = [
  ["executor", convertExecutor],
  ["airflowVersion", ({ value }) => convertVersion(String(value))],
  ["{defaultAirflowRepository,defaultAirflowTag,defaultAirflowDigest}", airflow],
  ["images.airflow.{repository,tag,digest}", airflow],
  [
    "images.redis.{repository,tag,digest}",
    handled("Redis is always an image of the stack's, for its supervision"),
  ],
  ["images.pgbouncer.{repository,tag,digest}", image("pgbouncer", /^(docker\.io\/)?apache\/airflow$/)],
  ["images.*.pullPolicy", handled("images are named by content")],
  [
    "images.{useDefaultImageForMigration,migrationsWaitTimeout}",
    handled("the migration uses the image of the roles"),
  ],
  ["images.gitSync.**", handled("Airflow reads the repository by itself")],
  ["images.{statsd,pgbouncerExporter}.**", off],
  ["images.{flower,pod_template}.**", unsupported("all roles have one image: images.airflow")],

  ["env.*", variableRule(() => ["all"])],
  ["extraEnv.*", variableRule(() => ["all"])],
  ["extraEnv.**", template],
  ["secret.*", variableRule(() => ["all"])],
  [`${anyRole}.env.*`, variableRule(({ path: [name] }) => [rolesByChartName[String(name)] ?? ""])],
  ["workers.celery.env.*", variableRule(() => ["worker"])],
  ["extraEnvFrom", unsupported("give its values one by one: secret, or env with valueFrom")],
  [
    "extraSecrets.**",
    unsupported(
      "the stack makes Secrets only for itself: make it with kubectl create secret, and name it where it is used",
    ),
  ],
  ["extraConfigMaps.**", unsupported("the stack makes no other ConfigMaps: expected env or files of roles")],
  ["enableBuiltInSecretEnvVars.**", handled("secrets reach roles as files")],

  ["fernetKey", secretRule(["secrets", "fernetKey"])],
  ["fernetKeySecretName", namedSecretRule(["secrets", "fernetKey"], "fernet-key")],
  ["{webserverSecretKey,apiSecretKey}", secretRule(["secrets", "apiSecretKey"])],
  ["webserverSecretKeySecretName", namedSecretRule(["secrets", "apiSecretKey"], "webserver-secret-key")],
  ["apiSecretKeySecretName", namedSecretRule(["secrets", "apiSecretKey"], "api-secret-key")],
  ["{jwtSecret,jwtSecretName}", signingKey],
  ["data.metadataConnection", metadataConnection],
  ["data.metadataSecretName", namedSecretRule(["postgres", "url"], "connection")],
  ["data.resultBackendConnection", resultConnection],
  [
    "data.resultBackendSecretName",
    namedSecretRule(["postgres", "resultsUrl"], "connection", "the URL in it has to be without db+"),
  ],
  ["data.brokerUrl", brokerRule],
  ["data.brokerUrlSecretName", namedSecretRule(["redis", "url"], "connection")],

  ...workersRules("replicas", replicas),
  ...workersRules("resources.limits.memory", resource("memory")),
  ...workersRules("resources.limits.cpu", resource("cpu")),
  ...workersRules("keda.{enabled,minReplicaCount,maxReplicaCount}", keda),
  ...workersRules("keda.**", handled("the stack counts tasks that are queued and running")),
  ...workersRules(
    "hpa.enabled",
    unsupported("workers follow the length of their queues instead: workerAutoscale"),
  ),
  ...workersRules("hpa.**", off),
  ...workersRules("persistence.{size,storageClassName}", workerLogs),
  ...workersRules("persistence.**", handled("the stack keeps logs in a volume")),
  ...workersRules("nodeSelector", nodes),
  ...workersRules("tolerations.*", tolerations),
  ...workersRules(
    "terminationGracePeriodSeconds",
    conversionRule(["workerGraceSeconds"], parseInteger, aWholeNumber),
  ),
  [
    "workers.celery.sets.*.name",
    (item, values) => taken([...groupOf(item.path, values), "name"], item.value),
  ],
  ...workersRules("queue", queues),
  [
    "workers.celery.enableDefault",
    ({ value }) => (value === true ? handled("there is a default group") : taken(["workers"], 0)),
  ],
  ["workers.kubernetes.**", handled("only other executors read it")],
  [
    "workers.{safeToEvict,podManagementPolicy,useWorkerDedicatedServiceAccounts}",
    handled("a worker that is drained finishes its tasks first"),
  ],
  ["workers.{kerberosSidecar,kerberosInitContainer}.**", unlessOff("the stack has no equivalent")],

  [`${chartRoles}.enabled`, enabledRole],
  [`${chartRoles}.replicas`, roleReplicas],
  [`${chartRoles}.resources.limits.memory`, resource("memory")],
  [`${chartRoles}.resources.limits.cpu`, resource("cpu")],
  [`${chartRoles}.hpa.**`, unlessOff("the number of webservers is fixed: expected webservers")],
  ["triggerer.keda.**", unlessOff("the number of triggerers is fixed: expected triggerers")],
  [
    "{webserver,apiServer}.{webserverConfig,apiServerConfig}",
    unsupported(
      "write it to a file, and name that in roles.webserver.files, for /opt/airflow/webserver_config.py",
    ),
  ],
  [
    "dagProcessor.dagBundleConfigList.**",
    unsupported("expected dagsGit, or a repository of each in dagBundles"),
  ],
  ["{webserver,apiServer,createUserJob}.defaultUser.*", user],
  ["flower.{username,password,secretName}", handled("Flower has the login of adminUser")],
  ["**.hostAliases.*", alias],
  [`${anyRole}.labels.*`, roleLabels],
  ["labels.*", roleLabels],

  [
    "redis.enabled",
    whenOn(handled("the stack has a Redis of its own"), handled("redis.url names the external one")),
  ],
  ["redis.{password,passwordSecretName}", handled("the stack mints the broker's passwords")],
  ["redis.resources.limits.memory", conversionRule(["redis", "memory"], convertQuantity, "a quantity")],
  ["redis.persistence.size", chartClaim("redis", "redis.persistence.enabled")],
  ["redis.persistence.storageClassName", chartClaim("class", "redis.persistence.enabled")],
  ["redis.persistence.**", handled("the stack keeps queues in a volume")],
  [
    "postgresql.enabled",
    whenOn(handled("the stack has a Postgres of its own"), handled("postgres.url names the external one")),
  ],
  ["postgresql.auth.**", handled("the stack names its databases and logins, and mints their passwords")],
  ["postgresql.image.**", handled("the stack has an image of its own: npm run images")],
  ["postgresql.primary.persistence.size", chartClaim("postgres", "postgresql.primary.persistence.enabled")],
  [
    "postgresql.primary.persistence.storageClass",
    chartClaim("class", "postgresql.primary.persistence.enabled"),
  ],
  [
    "postgresql.primary.resources.limits.memory",
    conversionRule(["postgres", "memory"], convertQuantity, "a quantity"),
  ],
  ["pgbouncer.enabled", whenOn(taken(["pgbouncer"], {}))],
  ["pgbouncer.{metadataPoolSize,resultBackendPoolSize,maxClientConn}", pool],

  ["dags.gitSync.*", gitSync],
  ["dags.persistence.**", dagsClaim],
  ["logs.persistence.size", logVolume("logs")],
  ["logs.persistence.storageClassName", logVolume("sharedClass")],
  [
    "logs.persistence.existingClaim",
    onlyIf("logs.persistence.enabled", "the stack makes its volumes itself; the data in yours stays there"),
  ],
  ["logs.**", handled("the stack keeps logs in a volume")],
  ["triggerer.persistence.**", handled("the stack keeps logs in a volume")],

  ["ingress.enabled", everyIngress],
  ["ingress.{web,apiServer,flower}.enabled", ingressSwitch],
  ["ingress.{web,apiServer,flower}.host", chartIngress("host")],
  ["ingress.{web,apiServer,flower}.hosts.*", ingressHost],
  ["ingress.{web,apiServer,flower}.ingressClassName", chartIngress("class")],
  ["ingress.{web,apiServer,flower}.tls.secretName", chartIngress("tlsSecret")],
  ["ingress.{web,apiServer,flower}.annotations", ingressAnnotations],
  ["ingress.{web,apiServer,flower}.path", ingressPath],
  ["ingress.*.{path,pathType}", handled("paths are the stack's")],
  ["ingress.{statsd,pgbouncer}.**", unlessOff("only the webserver and Flower are published")],
  ["ingress.**.tls.enabled", handled("published services always have TLS")],

  ["registry.secretName", pullSecret],
  ["imagePullSecrets.*", pullSecret],
  [
    "registry.connection.**",
    unsupported(
      "make a Secret with it (kubectl create secret docker-registry), and name it in kubernetes.pullSecrets",
    ),
  ],
  ["nodeSelector", everyNode],
  ["config.*.*", convertConfig],
  ["networkPolicies.enabled", handled("NetworkPolicies allow only the traffic that roles need")],
  ["statsd.enabled", whenOn(unsupported(monitoring))],
  ...podRules,
  ["{rbac,serviceAccount}.**", accounts],
  ["**.serviceAccount.**", accounts],
  ["{uid,gid}", handled("Airflow runs as 50000:0")],
  ["*.{uid,gid}", pods],
  ["airflowHome", handled("it is /opt/airflow")],
  [
    "airflowLocalSettings",
    (item) =>
      isTemplate(item.value)
        ? handled("it is the chart's warning")
        : unsupported("write it to config/airflow_local_settings.py beside the DAG folder"),
  ],
  ["{fullnameOverride,nameOverride,useStandardNaming,namespaceOverride}", handled("names are the stack's")],
  ["{multiNamespaceMode,podTemplate}", handled("only other executors read it")],
  ["{cleanup,kerberos,elasticsearch,opensearch}.enabled", whenOn(unsupported("the stack has no equivalent"))],
  [
    "{cleanup,kerberos,elasticsearch,opensearch}.**",
    (item, values) =>
      values(`${item.match[0]}.enabled`) === true ? unsupported("the stack has no equivalent") : off,
  ],
  ...retentionRules,
  ["ports.**", handled("ports inside the cluster are the stack's")],
  ["priorityClasses.**", priorities],
  ["**.priorityClassName", priorities],

  ["**.{livenessProbe,readinessProbe,startupProbe}", probes],
  ["**.{securityContext,securityContexts}", pods],
  ["**.{waitForMigrations}", handled("roles start after the migration")],
  ["**.{podDisruptionBudget}", handled("instances of a role are evicted one at a time")],
  ["**.{revisionHistoryLimit,updateStrategy,strategy,persistentVolumeClaimRetentionPolicy}", history],
  ["**.{command,args}", commandLine],
  [
    "**.resources.requests.{memory,cpu}",
    handled("all of the memory and a twentieth of the cores are requested"),
  ],
  ["**.terminationGracePeriodSeconds", handled("each role has a grace period of its own")],
  ["**.service", service],
  ["**.{networkPolicy,extraNetworkPolicies}", onlyIf("networkPolicies.enabled", traffic)],
  [
    "**.{ttlSecondsAfterFinished,useHelmHooks,applyCustomEnv,restartPolicy}",
    handled("the migration is a step of the deployment"),
  ],
  ["**.containerLifecycleHooks", unsupported("each role has a way to stop of its own")],
  ["**.{extraVolumes,extraVolumeMounts,volumeClaimTemplates,volumes,volumeMounts}", volumes],
  ["{volumes,volumeMounts}", volumes],
  ["**.{extraContainers,extraInitContainers,extraPorts}", sidecars],
  ["**.{annotations,podAnnotations,secretAnnotations,jobAnnotations}", annotations],
  [
    "{airflowPodAnnotations,airflowConfigAnnotations,fernetKeySecretAnnotations,apiSecretAnnotations,jwtSecretAnnotations,webserverSecretAnnotations}",
    annotations,
  ],
  [
    "**.{affinity,topologySpreadConstraints,runtimeClassName,schedulerName,nodeSelector,safeToEvict}",
    placing,
  ],
  ["{affinity,topologySpreadConstraints,schedulerName}", placing],
  ["**.tolerations.**", placing],
  ["pgbouncer.**", onlyIf("pgbouncer.enabled", "the stack's PgBouncer has poolSize and clients")],
  ["statsd.**", onlyIf("statsd.enabled", monitoring)],
];
