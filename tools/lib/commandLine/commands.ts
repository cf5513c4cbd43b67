/** A flag of a command. */
export interface Flag {
  readonly does: string;
  /** Placeholder of the flag's value: `NAME`. A flag without one takes no value. */
  readonly value?: string;
}

/** Arguments of an npm script. */
export interface Command {
  readonly does: string;
  /** Positional arguments, as in the help, with their least and greatest number. */
  readonly words?: readonly [usage: string, least: number, most: number];
  readonly flags: Readonly<Record<string, Flag>>;
  /** Explains where a surplus argument belongs that may be a secret, and is never printed. */
  readonly unprinted?: string;
  /** True if the command goes on to its end when its terminal is closed, since it would leave a stack half changed. */
  readonly goesOn?: true;
  /** True if `PULUMI_STACK` may name the stack, too. */
  readonly readsVariable?: true;
}

const stack = { value: "NAME", does: "The stack of stacks/Pulumi.NAME.yaml; default: dev." };
const noFlags = {};

/** All npm scripts: the one table behind their arguments and their help. */
export const commands = {
  up: {
    does: "Deploys a stack, proves that its queues and workers work, and reports faults of its DAGs.",
    goesOn: true,
    flags: {
      stack,
      "continue-on-error": { does: "Leaves out machines that are down, and reports what is missing." },
      adopt: { does: "Takes over data of another installation that has the stack's names." },
      "at-once": { does: "Replaces all workers together instead of in turns." },
      strict: { does: "Fails if there are faults in the DAGs." },
    },
  },
  down: {
    does: "Removes a stack; its data volumes and secrets are kept.",
    goesOn: true,
    flags: {
      stack,
      volumes: { does: "Removes the data volumes and the secrets, too, after a question." },
      yes: { does: "Removes them without a question; needed where no terminal can ask." },
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
      refresh: { does: "Rebuilds all images, with today's security updates of Debian's packages." },
      push: { value: "REPOSITORY", does: "Pushes the images there, and prints them for the stack file." },
      sbom: {
        value: "FILE",
        does: "Writes the Debian and Python packages of the images there, as CycloneDX 1.6.",
      },
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
      at: {
        value: "TIME",
        does: "Takes it as of a past moment: 2026-03-01T12:00:00Z; needs backup.continuous.",
      },
      save: { value: "ID", does: "Copies a backup to ID.tar.age in this directory instead." },
      key: { does: "Prints the key that opens backups instead; keep it elsewhere." },
      "take-over": { does: "Goes on with the copies in the bucket of a machine that is lost instead." },
    },
  },
  restore: {
    does: "Restores a backup: into its own stack, whose data it replaces, or into another one.",
    goesOn: true,
    flags: {
      stack: { value: "NAME", does: "The stack that has the backup; default: dev." },
      from: { value: "ID", does: "A backup of that stack, or a file that --save wrote." },
      at: { value: "TIME", does: "A past moment instead: 2026-03-01T12:00:00Z; needs backup.continuous." },
      as: { value: "NAME", does: "The stack to restore into; default: the one that has the backup." },
      key: { value: "FILE", does: "File with the key, if the state of the stack is lost." },
      secrets: { does: "Restores only the secrets, for data that still exists." },
      yes: { does: "Replaces data without a question." },
      "no-backup": { does: "Replaces data without a backup of it before." },
    },
  },
  upgrade: {
    does: "Upgrades Airflow in a stack with data: checks, a rehearsal, a backup, the migration, a proof; rolls back if that fails.",
    goesOn: true,
    flags: {
      stack,
      to: {
        value: "VERSION",
        does: "The new version; required, except to finish an upgrade that was cut off.",
      },
      limit: { value: "SECONDS", does: "Time that running tasks have to end; default: 600." },
      folder: { value: "FOLDER", does: "Folder of DAG files to check; default: that of the stack file." },
      rehearse: { does: "Ends after the checks and the rehearsal, which touch nothing." },
    },
  },
  rollback: {
    does: "Goes back to an earlier deployment of a stack: its stack file and its images.",
    goesOn: true,
    words: ["[NUMBER]", 0, 1],
    flags: {
      stack,
      list: { does: "Lists the last ten deployments instead: time, person and changes." },
    },
  },
  status: {
    does: "Shows a stack's roles, health, queues and waiting tasks; fails if there is trouble.",
    flags: {
      stack,
      watch: { does: "Repeats this every two seconds, until Ctrl-C." },
      json: { does: "Prints JSON, for programs; with --watch one line each time." },
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
    does: "Removes a machine that is permanently gone from a stack's state.",
    goesOn: true,
    words: ["MACHINE", 1, 1],
    flags: { stack },
  },
  jwks: {
    does: "Prints the public key set of the Ed25519 private key in standard input: npm run --silent jwks < key.pem",
    flags: noFlags,
  },
  render: {
    does: "Renders a stack on Kubernetes as plain manifests.",
    flags: {
      stack: { value: "NAME", does: "The stack of stacks/Pulumi.NAME.yaml; required." },
      out: { value: "DIRECTORY", does: "A new or empty directory; required." },
    },
  },
  secret: {
    does: "Encrypts a secret into the stack file; asks for it, or reads it from standard input.",
    words: ["KEY", 1, 1],
    unprinted: "the value is never an argument, but typed in when asked for, or piped in",
    flags: { stack },
  },
  settings: { does: "Writes settings/model/known/ from the images of Airflow.", flags: noFlags },
  generate: { does: "Writes Pulumi.yaml, schemas and tables of the docs from the schema.", flags: noFlags },
  import: {
    does: "Writes a stack file from a compose file (of several the last one wins), or from values of the Helm chart.",
    words: ["FILE", 1, Number.POSITIVE_INFINITY],
    flags: {
      all: { does: "Lists the outcome of every value, with its line." },
      stack: { value: "NAME", does: "The stack to write; default: imported." },
      env: { value: "FILE", does: "Variables of the compose file; default: .env beside it." },
    },
  },
  check: { does: "Checks types, lint and format.", flags: noFlags },
  prepack: {
    does: "Compiles the component for programs of other projects into dist/; npm pack runs this itself.",
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
  screenshots: { does: "Takes the pictures of the README again.", flags: noFlags },
  "lab:up": { does: "Brings the cluster of the live tests up.", flags: noFlags },
  "lab:down": { does: "Takes the cluster of the live tests down.", flags: noFlags },
  "machines:up": { does: "Brings the machines of the live tests up.", flags: noFlags },
  "machines:down": { does: "Takes the machines of the live tests down.", flags: noFlags },
  "lab:check": { does: "Checks the cluster of the live tests.", flags: noFlags },
  bench: {
    does: "Compares a deployment with a typical compose file, or with a typical chart in a cluster.",
    flags: {
      platform: { value: "PLATFORM", does: "docker or kubernetes; default: docker." },
      rounds: { value: "N", does: "Rounds; default: 3." },
    },
  },
  "bench:burst": {
    does: "Measures a burst of tasks.",
    flags: {
      platform: { value: "PLATFORM", does: "docker or kubernetes; default: docker." },
      workers: { value: "N,N,N", does: "Numbers of workers; default: 2,8,20." },
      tasks: { value: "N", does: "Tasks, 1024 at most; default: 1000." },
    },
  },
  "bench:daytwo": {
    does: "Measures backup, restore, cleaning and rehearsal beside a large database.",
    flags: {
      instances: { value: "N", does: "Task instances; default: 1000000." },
      only: { value: "PART", does: "data (backup, restore, cleaning) or upgrade; default: both." },
    },
  },
  drill: {
    does: "Injects faults while tasks run, and checks every task afterwards.",
    flags: {
      seed: { value: "N", does: "First schedule; required." },
      schedules: { value: "K", does: "Number of schedules; default: 1." },
      platform: { value: "PLATFORM", does: "docker, kubernetes or machines; default: docker." },
      against: {
        value: "compose",
        does: "A typical compose file instead of the stack, with the same seeds.",
      },
      faults: { value: "COUNT", does: "Faults of a schedule; default: 5." },
      "no-minimise": { does: "Does not minimise a failing schedule." },
      fresh: { does: "Discards the results of all earlier runs." },
      remove: { does: "Removes the deployment at the end, instead of stopping it." },
    },
  },
} as const satisfies Readonly<Record<string, Command>>;

export type CommandName = keyof typeof commands;
