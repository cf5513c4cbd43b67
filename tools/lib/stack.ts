import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse, stringify } from "yaml";
import { capabilities } from "../../capabilities.ts";
import { followContext } from "../../platforms/endpoint.ts";
import { contextFlags } from "../../platforms/kubernetes/ownership.ts";
import { machinesOf } from "../../platforms/machines.ts";
import { isEmpty, previousOutputs } from "../../platforms/ownership/known.ts";
import { writeWhole } from "../../platforms/wholeFile.ts";
import type { Settings } from "../../settings/model/groups.ts";
import { readDeployed, readStackFile } from "../../settings/read/read.ts";
import { rewritten } from "../../settings/read/rewritten.ts";
import { readText } from "../../settings/read/yaml/text.ts";
import { removeOldSources, removeOldStates } from "./bounds/history.ts";
import {
  type Checkpoint,
  readCheckpoint,
  readSalt,
  removeDamagedAttributes,
  removeUnfinished,
} from "./checkpoint.ts";
import { missingStack } from "./commandLine/missingStack.ts";
import { destroy } from "./deployment/destroy.ts";
import { project, type RunOptions, run } from "./process.ts";
import { type ForeignSecret, fits, foreignFault, foreignSecrets } from "./recovery/foreignSecrets.ts";
import { isRunning } from "./recovery/owner.ts";
import { protectAgain, unprotect } from "./recovery/protection.ts";
import { isLocked, recover } from "./recovery/recover.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

/** Outputs of a deployed stack. */
export interface Outputs {
  readonly webserverUrl: string;
  readonly flowerUrl: string;
  /** URL of the monitoring, if the stack has one. */
  readonly monitoringUrl?: string;
  readonly adminUser: string;
  readonly adminPassword: string;
  readonly workers: readonly string[];
  /** Version of Airflow. */
  readonly version: string;
  /** Keys that open backups, one per line, if the stack has backups. */
  readonly backupKeys?: string;
}

/** Returns the path of a stack's configuration file. */
export function stackFile(name: string): string {
  return join(project, `stacks/Pulumi.${name}.yaml`);
}

/** Returns the prefix of the names of a stack's resources. */
export function prefixOf(stack: string): string {
  return `airflow-${stack}`;
}

/** True if a CLI command runs the program, which needs settings that are valid for a deployment. */
function deploys([command = ""]: readonly string[]): boolean {
  return ["up", "preview", "watch"].includes(command);
}

/** CLI commands that operate on resources. */
const operating = ["up", "preview", "destroy", "refresh", "import", "watch"];

/** CLI commands that read the stack's configuration. */
const configured = [...operating, "config"];

/**
 * Limits the operations at once on machines over ssh, where each opens a connection: sshd drops some of more than ten that log
 * in (`MaxStartups`). The CLI's own limit is four for each core.
 */
function operationLimit(settings: Settings): Readonly<Record<string, string>> {
  const isOverSsh = machinesOf(settings).some(({ docker }) => docker.startsWith("ssh:"));
  if (!isOverSsh || process.env.PULUMI_PARALLEL) return {};
  return { PULUMI_PARALLEL: String(Math.min(8, 4 * availableParallelism())) };
}

/** Makes the plugin for clusters, which a CLI that was built here does not download. */
async function preparePlugin({ platform }: Settings): Promise<void> {
  if (capabilities[platform].manifests) await run("tools/run", ["--kubernetes-plugin"], { show: true });
}

/**
 * A stack whose state and secrets key are in a folder beside the project, so that nobody needs an account and no
 * command changes a committed file. If `PULUMI_BACKEND_URL` is set, the CLI uses that backend directly.
 */
export class Stack {
  readonly name: string;
  /** Prefix of the names of the stack's resources. */
  readonly prefix: string;
  /** Path of the stack's configuration. */
  readonly file: string;
  private readonly state: string;

  /**
   * @param file path of the stack's configuration
   * @param state folder of the local state; made if missing, for its owner only
   */
  constructor(name = "dev", file = stackFile(name), state = join(project, ".state")) {
    this.name = name;
    this.prefix = prefixOf(name);
    this.file = file;
    this.state = state;
  }

  /** Runs the CLI on this stack, which is made if there is none; returns the CLI's output, unless it is shown. */
  async pulumi(args: readonly string[], show: RunOptions["show"] = false): Promise<string> {
    if (process.env.PULUMI_BACKEND_URL) {
      await run("pulumi", ["stack", "select", "--create", this.name]);
      const settings = operating.includes(args[0] ?? "") ? this.deployed() : undefined;
      if (settings) {
        await preparePlugin(settings);
        const cli = (...words: string[]) => run("pulumi", words, { env: { PULUMI_STACK: this.name } });
        await protectAgain(this.state, this.name, (owner) => !isRunning(owner), cli);
      }
      const limit = settings && operationLimit(settings);
      const env = { PULUMI_STACK: this.name, ...limit };
      return run("pulumi", args, { env, show, outlive: true }).finally(removeOldSources);
    }
    const settings = deploys(args) ? this.settings() : this.deployed();
    await followContext(settings);
    await preparePlugin(settings);
    if (args[0] === "config" && args[1] !== undefined && args[1] !== "get") {
      throw new Error(
        `pulumi config ${args[1]} changes nothing: the configuration of stack ${this.name} is ${this.file}; expected a ` +
          `change there, or for a secret npm run secret -- KEY --stack ${this.name}.`,
      );
    }
    const salt = await this.salt();
    const file = join(this.state, `config.${this.name}.yaml`);
    writeFileSync(file, rewritten(readText(this.file), this.file, { encryptionsalt: salt }));
    const cli = (...words: string[]) => run("pulumi", words, { env: this.environment() });
    const clients = { kubectl: contextFlags(settings.kubernetes), machines: machinesOf(settings) };
    await recover(this.state, this.name, clients, cli);
    const flags = configured.includes(args[0] ?? "") ? ["--config-file", file] : [];
    if (show === true && process.stdout.isTTY) flags.push("--color=always");
    const env = { ...this.environment(), ...operationLimit(settings) };
    const options = { env, show, outlive: true };
    const output = await run("pulumi", [...args, ...flags], options).catch(async (error: Error) => {
      const foreign = flags.length > 0 ? await this.foreignSecrets() : [];
      throw foreign.length > 0 ? new Error(foreignFault(foreign, this.name)) : error;
    });
    removeOldStates(this.state, this.name);
    removeOldSources();
    return output;
  }

  /** Removes everything of the stack but its data and secrets; workers finish their tasks. */
  async destroyAllButData(): Promise<void> {
    await destroy(this, ["--exclude-protected"], true);
  }

  /**
   * Removes all resources of the stack, protected or not. Resources that are left after a failure are protected again, by
   * this command or, if it was killed, by the next.
   * @param left URNs of volumes that would otherwise stay on their machines
   */
  async destroyAll(left: readonly string[] = []): Promise<void> {
    const cli = (...words: string[]) => this.pulumi(words);
    await unprotect(this.state, this.name, left, cli);
    const end = () => protectAgain(this.state, this.name, ({ pid }) => pid === process.pid, cli);
    await destroy(this, [], true).finally(end);
  }

  /**
   * Reads the settings for a deployment.
   * @throws Error when the stack file is missing or invalid
   */
  settings(): Settings {
    this.requireFile(" Write it, or copy one of stacks/: dev is for Docker, staging for Kubernetes.");
    return readStackFile(this.file, !this.isKnown());
  }

  /** Reads the state from its folder; undefined if there is none, or another backend has the state. */
  checkpoint(): Checkpoint | undefined {
    return process.env.PULUMI_BACKEND_URL ? undefined : readCheckpoint(this.state, this.name);
  }

  /** Returns the path of a file that is kept beside the state for this stack. */
  beside(what: string, ending: string): string {
    return join(this.state, `${what}.${this.name}.${ending}`);
  }

  /** True if another command works on the state in its folder. */
  isLocked(): boolean {
    return isLocked(this.state, this.name);
  }

  /** Returns the deployed version of Airflow; undefined if nothing is deployed, or no state of this machine has the version. */
  deployedVersion(): string | undefined {
    const { resources = [] } = this.checkpoint()?.latest ?? {};
    const { version } = previousOutputs(resources);
    return typeof version === "string" ? version : undefined;
  }

  /** True if something is deployed, or another backend has the state, which the program itself reads. */
  private isKnown(): boolean {
    const { resources = [] } = this.checkpoint()?.latest ?? {};
    return Boolean(process.env.PULUMI_BACKEND_URL) || !isEmpty(resources);
  }

  /**
   * Reads the settings for commands that look at the deployed stack, as {@link readDeployed} does.
   * @throws Error when the stack file is missing or invalid
   */
  deployed(): Settings {
    this.requireFile();
    return readDeployed(this.file);
  }

  /**
   * Checks that the stack file exists; throws an Error otherwise.
   * @param advice what to do if the stack is new
   */
  requireFile(advice?: string): void {
    if (!existsSync(this.file)) throw new Error(missingStack(this.name, this.file, advice));
  }

  /**
   * Encrypts a text with the stack's own key; makes the stack if there is none.
   * @returns the encrypted text for the stack file, and the keys needed beside `config` to decrypt it
   */
  async encrypt(text: string): Promise<{ secure: string; beside: Readonly<Record<string, string>> }> {
    const isLocal = !process.env.PULUMI_BACKEND_URL;
    const encryptionsalt = isLocal ? await this.salt() : undefined;
    const env = isLocal ? this.environment() : { PULUMI_STACK: this.name };
    if (!isLocal) await run("pulumi", ["stack", "select", "--create", this.name]);
    return inTemporaryFolder(async (folder) => {
      const file = join(folder, "config.yaml");
      const { config, ...keys } = parse(readText(this.file));
      writeFileSync(file, stringify({ ...keys, ...(isLocal && { encryptionsalt }) }));
      const flags = ["--secret", "--config-file", file];
      await run("pulumi", ["config", "set", "airflow:secret", ...flags], { env, input: text });
      const { config: written, ...beside } = parse(readFileSync(file, "utf8"));
      return { secure: written["airflow:secret"].secure, beside: isLocal ? {} : beside };
    });
  }

  /** Lists the encrypted values of the stack file that the stack's own key does not open; none if another backend has the key. */
  async foreignSecrets(): Promise<ForeignSecret[]> {
    if (process.env.PULUMI_BACKEND_URL) return [];
    const salt = await this.salt();
    return foreignSecrets(this.file, this.givenPassphrase() ?? this.ownPassphrase(), salt);
  }

  /** Reads the outputs of the last deployment, with the password in the clear. */
  async outputs(): Promise<Outputs> {
    return JSON.parse(await this.pulumi(["stack", "output", "--json", "--show-secrets"]));
  }

  /** Path of the file with the passphrase of the local state. */
  private get passphrase(): string {
    return join(this.state, "passphrase");
  }

  /** Reads that file, as the CLI does. */
  private ownPassphrase(): string {
    return existsSync(this.passphrase) ? readFileSync(this.passphrase, "utf8").trim() : "";
  }

  /** Returns the passphrase of the user's shell if the state was made with it, so that the file does not open the state. */
  private givenPassphrase(): string | undefined {
    const { PULUMI_CONFIG_PASSPHRASE: given } = process.env;
    const salt = given === undefined ? undefined : readSalt(this.state, this.name);
    if (given === undefined || salt === undefined) return undefined;
    return !fits(this.ownPassphrase(), salt) && fits(given, salt) ? given : undefined;
  }

  private environment(): Record<string, string | undefined> {
    return {
      PULUMI_STACK: this.name,
      PULUMI_BACKEND_URL: pathToFileURL(this.state).href,
      PULUMI_CONFIG_PASSPHRASE_FILE: this.passphrase,
      // The CLI would take any value instead of the file, and other shells could not open the state.
      PULUMI_CONFIG_PASSPHRASE: this.givenPassphrase(),
      // Makes collections rarer in the CLI and its plugins: they took a tenth of a deployment's CPU time.
      GOGC: process.env.GOGC ?? "400",
    };
  }

  /** Returns the salt of the stack's secrets key; makes the stack if there is none. */
  private async salt(): Promise<string> {
    removeDamagedAttributes(this.state, this.name);
    return readSalt(this.state, this.name) ?? (await this.make());
  }

  /** Makes the stack in a separate folder, since the CLI also writes the salt into a file of the project. */
  private async make(): Promise<string> {
    const folder = join(this.state, this.name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!existsSync(this.passphrase))
      writeWhole(this.passphrase, randomBytes(32).toString("base64url"), 0o600);
    removeUnfinished(this.state, this.name);
    writeFileSync(join(folder, "Pulumi.yaml"), "name: airflow\nruntime: nodejs\n");
    await run("pulumi", ["stack", "init", this.name], { env: this.environment(), cwd: folder });
    return String(readSalt(this.state, this.name));
  }
}
