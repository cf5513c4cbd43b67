import * as pulumi from "@pulumi/pulumi";
import { deployedResources } from "../platforms/look.ts";
import { previousOutputs } from "../platforms/ownership/known.ts";
import type { Settings } from "../settings/model/groups.ts";
import { type Arguments, settingsFromArguments } from "../settings/read/arguments.ts";
import { Refused } from "../settings/read/yaml/refused.ts";
import { setProject } from "../settings/schema/files/base.ts";
import { spell } from "../settings/schema/path.ts";
import { type AirflowStackArgs, asTexts, resolveArguments } from "./arguments.ts";
import { currentPrefix, deployAirflow } from "./deploy.ts";

export type { AirflowStackArgs } from "./arguments.ts";

type Outputs = Partial<Awaited<ReturnType<typeof deployAirflow>>>;

/** Names of the components, by the deployment that they belong to. */
const names = new WeakMap<object, string>();

/**
 * Records the component of a deployment, which can have only one, since its resources have fixed names.
 * @param deployment the same object for all components of a deployment
 * @throws pulumi.RunError if the deployment has another component
 */
export function claimDeployment(deployment: object, name: string): void {
  const other = names.get(deployment);
  if (other !== undefined && other !== name) {
    throw new pulumi.RunError(
      `AirflowStack ${name}: this Pulumi stack has the AirflowStack ${other} already; expected one. ` +
        "Deploy the second one from a Pulumi stack of its own: pulumi stack init NAME",
    );
  }
  names.set(deployment, name);
}

/** @throws pulumi.RunError listing every fault: component, key, given, expected */
function settingsOf(args: Arguments, place: string): Settings {
  const prefix = currentPrefix();
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(prefix)) {
    throw new pulumi.RunError(
      `${place}: PROJECT-STACK, which begins all names, is ${prefix}; expected a-z, 0-9 and '-', a letter or digit first ` +
        "and last, 63 at most. Rename the project or the Pulumi stack.",
    );
  }
  try {
    return settingsFromArguments(args, place);
  } catch (error) {
    throw error instanceof Refused ? new pulumi.RunError(error.message) : error;
  }
}

/**
 * Airflow on Celery, as a component of another Pulumi program; a Pulumi stack can have one.
 * Relative paths begin at the directory of that program.
 * @example new AirflowStack("airflow", { workers: 4, dags: "dags" })
 */
export class AirflowStack extends pulumi.ComponentResource<Outputs> {
  static readonly type = "airflow:index:AirflowStack";
  readonly webserverUrl: pulumi.Output<string>;
  readonly flowerUrl: pulumi.Output<string>;
  /** Undefined without monitoring. */
  readonly monitoringUrl: pulumi.Output<string | undefined>;
  readonly adminUser: pulumi.Output<string>;
  /** Secret. */
  readonly adminPassword: pulumi.Output<string>;
  readonly workers: pulumi.Output<readonly string[]>;
  /** Airflow version of the metadata database. */
  readonly version: pulumi.Output<string>;
  /** Keys that open backups, the current one first; secret, and undefined without backups. */
  readonly backupKeys: pulumi.Output<string | undefined>;

  constructor(name: string, args: AirflowStackArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super(AirflowStack.type, name, args, opts);
    const output = <Key extends keyof Outputs>(key: Key) =>
      pulumi.output(this.getData().then(({ [key]: value }) => value));
    this.webserverUrl = output("webserverUrl") as pulumi.Output<string>;
    this.flowerUrl = output("flowerUrl") as pulumi.Output<string>;
    this.monitoringUrl = output("monitoringUrl") as pulumi.Output<string | undefined>;
    this.adminUser = output("adminUser") as pulumi.Output<string>;
    this.adminPassword = output("adminPassword") as pulumi.Output<string>;
    this.workers = output("workers") as pulumi.Output<readonly string[]>;
    this.version = output("version") as pulumi.Output<string>;
    this.backupKeys = output("backupKeys") as pulumi.Output<string | undefined>;
  }

  /** Runs in the constructor of the base class. */
  protected override async initialize(
    args: AirflowStackArgs,
    _opts: pulumi.ComponentResourceOptions,
    name: string,
  ): Promise<Outputs> {
    claimDeployment(Object(pulumi.runtime.getMonitor()), name);
    setProject(process.cwd());
    const place = `AirflowStack ${name}`;
    const { unknown, sources, values, secret } = await resolveArguments(place, args);
    if (unknown.length > 0) {
      const keys = unknown.map(spell).join(", ");
      await pulumi.log.warn(
        `${place} is left out of this preview: ${keys} will be known once other resources are there.`,
      );
      return {};
    }
    const settings = settingsOf({ values, secret }, place);
    const resources = await deployedResources();
    const previous = previousOutputs(resources, AirflowStack.type);
    const dependsOn = [...sources];
    const outputs = await deployAirflow(
      settings,
      { resources, previous, values: asTexts(values), where: () => place },
      {
        parent: this,
        transformations: [({ props, opts }) => ({ props, opts: pulumi.mergeOptions(opts, { dependsOn }) })],
      },
    );
    this.registerOutputs(outputs);
    return outputs;
  }
}
