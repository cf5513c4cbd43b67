/** Major version of Airflow, which decides its roles and its interfaces. */
export type Major = "2" | "3";

/** Connections that a process keeps, and those that it adds while all of these are busy. */
interface Pool {
  readonly size: number;
  readonly overflow: number;
}

export interface RoleFacts {
  /** Purpose, for the docs. */
  readonly purpose: string;
  /** Versions of Airflow that have the role; default: all. */
  readonly versions?: readonly Major[];
  /** Versions in which the role opens the metadata database; default: none. */
  readonly database?: readonly Major[];
  /**
   * Connection pool for the metadata; Airflow's default is 5 and 10 for each role.
   * Based on the maximum measured while 24 clients asked the webserver at once: see docs/decisions.md.
   */
  readonly pool?: Pool;
  /** MiB that an instance may use, unless the stack says otherwise; a worker's memory is its group's. */
  readonly memory?: number;
  /** True if the role uses Celery's broker. */
  readonly broker?: true;
  /** True if the role uses Celery's result backend. */
  readonly results?: true;
  /** Port in the container. */
  readonly port?: number;
  /** True if the port serves the logs of running tasks or triggers. */
  readonly servesLogs?: true;
  /** Versions in which the role reads DAG files into the database. */
  readonly readsDags?: readonly Major[];
  /** Key of the stack file with the number of instances; default: one instance. */
  readonly countedBy?: "schedulers" | "webservers" | "triggerers";
  /** Continues the error `Airflow 2.11.2 has no ROLE,` for a version without it. */
  readonly absence?: string;
}

/** Processes of Airflow: facts that several rooms need. */
export const roleTable = {
  migration: {
    purpose: "Brings the database up to date before all other roles start, and writes the declarations.",
    database: ["2", "3"],
  },
  scheduler: {
    purpose: "Queues tasks that are due.",
    database: ["2", "3"],
    pool: { size: 3, overflow: 2 },
    memory: 1024,
    broker: true,
    results: true,
    readsDags: ["2"],
    countedBy: "schedulers",
  },
  webserver: {
    purpose: "Web interface and API.",
    database: ["2", "3"],
    pool: { size: 5, overflow: 3 },
    memory: 2048,
    port: 8080,
    countedBy: "webservers",
  },
  "dag-processor": {
    purpose: "Reads DAG files.",
    versions: ["3"],
    database: ["3"],
    pool: { size: 3, overflow: 2 },
    memory: 1024,
    readsDags: ["3"],
    absence: "its scheduler reads DAG files: expected scheduler",
  },
  triggerer: {
    purpose: "Waits for deferred tasks.",
    database: ["2", "3"],
    pool: { size: 3, overflow: 2 },
    memory: 1024,
    port: 8794,
    servesLogs: true,
    countedBy: "triggerers",
  },
  worker: {
    purpose: "All groups of workers.",
    database: ["2"],
    broker: true,
    results: true,
    port: 8793,
    servesLogs: true,
  },
  flower: { purpose: "Shows workers and queues.", memory: 512, broker: true, port: 5555 },
} as const satisfies Record<string, RoleFacts>;

export type Role = keyof typeof roleTable;

export const roles = Object.keys(roleTable) as readonly Role[];

/** Returns the key with the number of a role's instances; undefined for a role with one instance, and for any other name. */
export function counterOf(role: string): RoleFacts["countedBy"] {
  const facts: Readonly<Partial<Record<string, RoleFacts>>> = roleTable;
  return facts[role]?.countedBy;
}

/** Lists the roles whose facts pass a test, in the order of the table. */
export function rolesWhere(is: (facts: RoleFacts) => boolean): readonly Role[] {
  return roles.filter((role) => is(roleTable[role]));
}
