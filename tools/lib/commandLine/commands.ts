/** A flag of a command. */
export interface Flag {
  readonly does: string;
  /** Placeholder of the flag's value: `NAME`. A flag without one takes no value. */
  readonly value?: string;
}

/** What an npm script takes. */
export interface Command {
  readonly does: string;
  /** Arguments that are no flags, as help spells them, with their least and greatest number. */
  readonly words?: readonly [spelt: string, least: number, most: number];
  readonly flags: Readonly<Record<string, Flag>>;
  /** Says where else a value belongs that is given as one argument too many, and must not be printed. */
  readonly unprinted?: string;
  /** True if `PULUMI_STACK` may name the stack, too. */
  readonly readsVariable?: true;
}

const stack = { value: "NAME", does: "The stack of stacks/Pulumi.NAME.yaml; default: dev." };
const noFlags = {};

/** All npm scripts: the one table behind their arguments and their help. */
export const commands = {
  up: {
    does: "Deploys a stack, proves that its queues and workers work, and tells what is wrong with its DAGs.",
    flags: {
      stack,
      "continue-on-error": { does: "Leaves out machines that are down, and says what is missing." },
      adopt: { does: "Takes over data that another installation made under the stack's names." },
      "at-once": { does: "Replaces all workers together instead of in turns." },
      strict: { does: "Fails if something is wrong with the DAGs." },
    },
  },
  down: {
    does: "Removes a stack; its data volumes and secrets are kept.",
    flags: {
      stack,
      volumes: { does: "Removes the data volumes and the secrets, too; asks before." },
      yes: { does: "Removes them without asking; needed where no terminal can ask." },
    },
  },
  pulumi: {
    does: "Runs the Pulumi CLI on a stack; all other flags are the CLI's.",
    words: ["COMMAND [ARGUMENT...]", 0, Number.POSITIVE_INFINITY],
    flags: { stack: { value: "NAME", does: "The stack; default: PULUMI_STACK, otherwise dev." } },
    readsVariable: true,
  },
  images: {
    does: "Builds the images that stacks need.",
    flags: {
      stack: { value: "NAME", does: "Builds, or pushes, what this stack needs." },
      refresh: { does: "Builds all images anew, with today's security updates of Debian's packages." },
      push: { value: "REPOSITORY", does: "Pushes the images there, and prints them for the stack file." },
    },
  },
  open: {
    does: "Makes the webserver and Flower reachable at 127.0.0.1, until Ctrl-C.",
    flags: { stack },
  },
  prove: {
    does: "Runs a task through every queue and on every worker of a stack, and reads its log over the webserver.",
    flags: { stack },
  },
  backup: {
    does: "Takes a backup of a stack now, and proves it by restoring it.",
    flags: {
      stack,
      list: { does: "Lists the backups instead, with age and size." },
      save: { value: "ID", does: "Copies a backup to ID.tar.age in this directory instead." },
      key: { does: "Prints the key that opens backups instead, to be kept elsewhere." },
    },
  },
  restore: {
    does: "Puts a backup back: into its own stack, whose data it replaces, or into another one.",
    flags: {
      stack: { value: "NAME", does: "The stack that has the backup; default: dev." },
      from: { value: "ID", does: "A backup of that stack, or a file that --save wrote; needed." },
      as: { value: "NAME", does: "The stack to restore into; default: the one that has the backup." },
      key: { value: "FILE", does: "File with the key, where the state of the stack is lost." },
      secrets: { does: "Only brings the secrets back, for data that is still there." },
      yes: { does: "Replaces data without asking." },
      "no-backup": { does: "Replaces data of which no backup can be taken before." },
    },
  },
  upgrade: {
    does: "Upgrades Airflow in a stack with data: checks, a rehearsal, a backup, the migration, a proof; goes back by itself if that fails.",
    flags: {
      stack,
      to: {
        value: "VERSION",
        does: "The new version; needed, unless an upgrade that was cut off is to be ended.",
      },
      limit: { value: "SECONDS", does: "How long running tasks may take to end; default: 600." },
      folder: { value: "FOLDER", does: "Folder of DAG files to check; default: that of the stack file." },
      rehearse: { does: "Ends after the checks and the rehearsal, which touch nothing." },
    },
  },
  rollback: {
    does: "Goes back to an earlier deployment of a stack: its stack file and its images.",
    words: ["[NUMBER]", 0, 1],
    flags: {
      stack,
      list: { does: "Lists the last ten deployments instead: when, by whom, and what each changed." },
    },
  },
  status: {
    does: "Shows roles, health, queues and what waits of a stack; fails if something is wrong.",
    flags: {
      stack,
      watch: { does: "Looks again every two seconds, until Ctrl-C." },
      json: { does: "Prints JSON, for programs; with --watch a line for each look." },
    },
  },
  dags: {
    does: "Works on DAGs in the image that runs them: check [FILE...], test DAG [TASK], pytest [ARGUMENT...], run DAG, logs DAG.",
    words: ["COMMAND [ARGUMENT...]", 1, Number.POSITIVE_INFINITY],
    flags: {
      stack,
      folder: { value: "FOLDER", does: "Folder of DAG files; default: that of the stack file." },
    },
  },
  shell: {
    does: "Opens a shell in a role of a running stack, or runs a command there.",
    words: ["ROLE [COMMAND...]", 1, Number.POSITIVE_INFINITY],
    flags: { stack },
  },
  forget: {
    does: "Drops a machine that is gone for good from a stack's state.",
    words: ["MACHINE", 1, 1],
    flags: { stack },
  },
  jwks: {
    does: "Prints the public key set of the Ed25519 private key in standard input: npm run --silent jwks < key.pem",
    flags: noFlags,
  },
  render: {
    does: "Writes a cluster's stack as plain manifests.",
    flags: {
      stack: { value: "NAME", does: "The stack of stacks/Pulumi.NAME.yaml; needed." },
      out: { value: "DIRECTORY", does: "A new or empty directory; needed." },
    },
  },
  secret: {
    does: "Encrypts a secret into the stack file; asks for it, or reads it from standard input.",
    words: ["KEY", 1, 1],
    unprinted: "the value is asked for, or read from what is piped in, and never an argument",
    flags: { stack },
  },
  settings: { does: "Writes settings/model/known/ from the images of Airflow.", flags: noFlags },
  generate: { does: "Writes Pulumi.yaml, schemas and tables of the docs from the schema.", flags: noFlags },
  import: {
    does: "Writes a stack file from a compose file (of several the last one wins), or from values of the Helm chart.",
    words: ["FILE", 1, Number.POSITIVE_INFINITY],
    flags: {
      all: { does: "Lists what became of every value, with its line." },
      stack: { value: "NAME", does: "The stack to write; default: imported." },
      env: { value: "FILE", does: "Variables of the compose file; default: .env beside it." },
    },
  },
  check: { does: "Checks types, lint and format.", flags: noFlags },
  prepack: {
    does: "Compiles the component for programs of other projects into dist/; npm pack does it by itself.",
    flags: noFlags,
  },
  test: {
    does: "Runs tests; without arguments all of them, with types and lint.",
    words: ["[SUITE...] [FILE...]", 0, Number.POSITIVE_INFINITY],
    flags: {
      changed: { does: "Only what uncommitted changes can reach." },
      since: { value: "REF", does: "Only what uncommitted changes, and those after this commit, can reach." },
    },
  },
  assertions: { does: "Lists every assertion with its file and test.", flags: noFlags },
  screenshots: { does: "Makes the pictures of the README anew.", flags: noFlags },
  "lab:up": { does: "Brings the cluster of the live tests up.", flags: noFlags },
  "lab:down": { does: "Takes the cluster of the live tests down.", flags: noFlags },
  "machines:up": { does: "Brings the machines of the live tests up.", flags: noFlags },
  "machines:down": { does: "Takes the machines of the live tests down.", flags: noFlags },
  "lab:check": { does: "Checks the cluster of the live tests.", flags: noFlags },
  bench: {
    does: "Measures a deployment beside a typical compose file.",
    flags: { rounds: { value: "N", does: "Rounds; default: 3." } },
  },
  "bench:burst": {
    does: "Measures a burst of tasks.",
    flags: {
      platform: { value: "PLATFORM", does: "docker or kubernetes; default: docker." },
      workers: { value: "N,N,N", does: "Numbers of workers; default: 2,8,20." },
      tasks: { value: "N", does: "Tasks, 1024 at most; default: 1000." },
    },
  },
  drill: {
    does: "Lets faults happen while tasks run, and checks every task afterwards.",
    flags: {
      seed: { value: "N", does: "First schedule; needed." },
      schedules: { value: "K", does: "Number of schedules; default: 1." },
      platform: { value: "PLATFORM", does: "docker, kubernetes or machines; default: docker." },
      against: {
        value: "compose",
        does: "A typical compose file instead of the stack, with the same seeds.",
      },
      faults: { value: "COUNT", does: "Faults of a schedule; default: 5." },
      "no-minimise": { does: "Does not make a failing schedule smaller." },
      fresh: { does: "Forgets the results of all earlier runs." },
      remove: { does: "Removes the deployment at the end, which otherwise is stopped and kept." },
    },
  },
} as const satisfies Readonly<Record<string, Command>>;

export type CommandName = keyof typeof commands;
