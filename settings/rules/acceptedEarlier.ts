import { airflowOption } from "../model/airflowOptions.ts";
import { repositoryForm } from "../schema/dags/dagsGit.ts";
import { hostPattern, isLoopback } from "../schema/values.ts";
import { guardRules } from "./airflow/login.ts";
import { tokenReserve } from "./airflow/timeouts.ts";
import { atLeastOne } from "./airflow/values.ts";
import { faultAt } from "./fault.ts";
import { jsonRules } from "./json.ts";
import { inTheClearRules } from "./network/inTheClear.ts";
import { proxyEffectRules } from "./network/proxyEffects.ts";
import { tooWide } from "./network/trustedProxies.ts";
import { unreadRules } from "./roles/unread.ts";
import { rule } from "./rule.ts";
import { twiceRules } from "./services/twice.ts";
import { unusableRules } from "./services/unusable.ts";
import { volumeRules } from "./services/volumes.ts";
import { autoscalingRule } from "./workers/autoscaling.ts";
import { ownQueue, readableQueue } from "./workers/queues.ts";

const atoms = "[\\w!#$%&'*+/=?^`{|}~-]+";
const mailAddress = new RegExp(`^${atoms}(\\.${atoms})*@${hostPattern}$`);

const mail = (["to", "from"] as const).map((key) =>
  rule([`monitoring.alerts.email.${key}`], ({ monitoring }) => {
    const address = monitoring?.alerts?.email?.[key];
    const isOdd = address !== undefined && !mailAddress.test(address);
    return faultAt(
      ["monitoring", "alerts", "email", key],
      isOdd ? "expected one e-mail address, without a name: ops@example.com" : undefined,
    );
  }),
);

/** Rejects alerts that reach nobody. */
const receivers = rule([], (_, isGiven) => {
  if (!isGiven("monitoring.alerts")) return [];
  const isTold = (["webhook", "slack", "email", "watchdog"] as const).some((key) =>
    isGiven(`monitoring.alerts.${key}`),
  );
  const message = "expected at least one of webhook, slack, email and watchdog";
  return faultAt(["monitoring", "alerts"], isTold ? undefined : message);
});

/** Rejects metrics of the monitoring itself. */
const scraped = rule(["monitoring.scrape.*"], ({ monitoring }) =>
  (monitoring?.scrape ?? []).flatMap(([at, url]) =>
    faultAt(
      ["monitoring", "scrape", at],
      isLoopback(url) ? "the monitoring is there itself: expected the address of another host" : undefined,
    ),
  ),
);

/** Rejects forms of hosts that programs do not know in `no_proxy`, and so ignore. */
const direct = rule(["proxy.no.*"], ({ proxy }) =>
  (proxy?.no ?? []).flatMap(([at, host]) =>
    faultAt(
      ["proxy", "no", at],
      /^(\*|[^*/]+(\/\d+)?)$/.test(host)
        ? undefined
        : "expected a host name, a domain, an address or a range of them, without http:// and *: .example.com",
    ),
  ),
);

/** Rejects parameters of a repository's URL, which may be a token that everybody could read. */
const parameters = rule(["dagsGit.url"], ({ dagsGit }) =>
  faultAt(["dagsGit", "url"], /[?#]/.test(dagsGit?.url ?? "") ? repositoryForm : undefined),
);

/** Rejects the full name of a branch: Airflow looks for `origin/NAME`, and stays at the first commit without a word. */
const refs = rule(["dagsGit.ref", "dagBundles.*.ref"], ({ dagsGit, dagBundles }) => {
  const named = [
    ...(dagsGit ? [[["dagsGit", "ref"], dagsGit.ref] as const] : []),
    ...dagBundles.map(([at, { ref }]) => [["dagBundles", at, "ref"], ref] as const),
  ];
  return named.flatMap(([path, ref]) => {
    const [, branch] = /^(?:refs\/)?heads\/(.+)/.exec(ref) ?? [];
    return faultAt(path, branch && `later commits would have no effect: expected ${branch}`, ref);
  });
});

/** Rejects ranges of proxies that are wider than any network of one owner. */
const proxies = rule(["trustedProxies"], ({ trustedProxies }) =>
  trustedProxies.flatMap((range, at) =>
    faultAt(["trustedProxies", at], /\/[1-7]$/.test(range) ? tooWide : undefined),
  ),
);

/** Rejects namespaces of the cluster for pods of tasks, which would read the Secrets there. */
const podNamespace = rule(["kubernetes.podOperator.namespace"], ({ kubernetes }) => {
  const { namespace = "" } = kubernetes?.podOperator ?? {};
  return faultAt(
    ["kubernetes", "podOperator", "namespace"],
    /^(kube-.*|openshift(-.*)?|.*-system)$/.test(namespace)
      ? "it belongs to the cluster, and tasks could read all its Secrets: expected a namespace for tasks, such as airflow-tasks"
      : undefined,
  );
});

const triggers = ["triggerer.capacity", "triggerer.default_capacity"] as const;
const deferred = triggers.map((name) => atLeastOne(name, "no deferred task would go on"));

/** Rejects a schema in the stack's own Postgres, which has `public` alone: Airflow creates no schema. */
const schema = rule(["settings.database.sql_alchemy_schema"], (parsed, isGiven) => {
  const given = airflowOption(parsed, "database.sql_alchemy_schema");
  if (!given || isGiven("postgres.url") || ["", "public"].includes(given.value.trim())) return [];
  const message = "the stack's Postgres has no such schema: expected no value, or postgres.url";
  return faultAt(given.path, message, given.value);
});

/** Rules about values that earlier releases accepted: they must be corrected before a deployment, not before a look or a removal. */
export const acceptedEarlierRules = [
  ...mail,
  receivers,
  scraped,
  direct,
  parameters,
  refs,
  proxies,
  ...proxyEffectRules,
  podNamespace,
  readableQueue,
  ownQueue,
  ...deferred,
  ...guardRules,
  ...jsonRules,
  schema,
  autoscalingRule,
  ...inTheClearRules,
  tokenReserve,
  ...twiceRules,
  ...unreadRules,
  ...unusableRules,
  ...volumeRules,
];
