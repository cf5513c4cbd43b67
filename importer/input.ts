import { importCompose } from "./compose/compose.ts";
import type { Look } from "./compose/context.ts";
import { type Definition, interpolate, readDefinitions } from "./compose/interpolate.ts";
import { servicesOf } from "./compose/services.ts";
import { importChart, isChart } from "./helm/chart.ts";
import type { Plan } from "./plan.ts";
import { at, readSource } from "./source.ts";

export interface TextFile {
  /** Name for messages. */
  readonly file: string;
  readonly text: string;
}

export interface Input extends TextFile {
  /** The `.env` file of a compose file. */
  readonly env?: TextFile | undefined;
  readonly look: Look;
}

/**
 * Plans the import of a compose file or of values of the Helm chart.
 * @throws Error when the input is not YAML, is neither of these, or has another executor than Celery's
 */
export function planOf({ file, text, env, look }: Input): Plan {
  const source = readSource(file, text);
  const { tree } = source;
  if (at(tree, ["services"])?.kind === "map") {
    const definitions: Definition[] = env ? readDefinitions(env.file, env.text) : [];
    const variables = new Map(definitions.map(({ name, value }) => [name, value]));
    const named = readSource(file, text, (plain) => interpolate(plain, variables, () => undefined));
    if (servicesOf(named.tree).some(({ kind }) => kind === "airflow")) {
      return importCompose({ file, text, look, ...(env && { env: { file: env.file, definitions } }) });
    }
  }
  if (isChart(tree) || isChart(at(tree, ["airflow"]))) return importChart(source);
  throw new Error(
    `${file} looks like neither a docker-compose file of Airflow (services, one of which has Airflow's image or AIRFLOW__… ` +
      "variables) nor values of its Helm chart (executor, workers, config, …). Give one of these.",
  );
}
