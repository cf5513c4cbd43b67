import type { AirflowSettings } from "../../../settings/schema/airflowCfg.ts";
import type { Endpoint, Service, Values } from "../../../workload.ts";
import type { Role } from "../roles.ts";

/** A secret of the stack, as a setting. */
export interface Key {
  readonly section: string;
  readonly key: string;
  readonly secret: "jwtSecret" | "jwks" | "apiSecretKey";
  /** In a file that a command reads, or in one that the setting names. */
  readonly where: "command" | "path";
  readonly roles: readonly Role[];
}

/** What the settings of a version follow from. */
export interface VersionInputs {
  readonly webserver: Endpoint;
  /** Where people find the webserver, if that is known to the world. */
  readonly publicUrl?: string | undefined;
}

/** What differs between major versions of Airflow: one table for each, side by side. */
export interface AirflowVersion {
  /** The processes that it consists of. */
  readonly roles: readonly Role[];
  /** Who opens the metadata database. */
  readonly database: readonly Role[];
  /** Whether tasks report to the webserver; otherwise they write to the metadata database. */
  readonly usesExecutionApi: boolean;
  /** Whether it has connections to the database that do not wait, which have settings of their own. */
  readonly asyncDatabase: boolean;
  readonly keys: readonly Key[];
  /** Defaults of the stack under their names in this version. */
  readonly settings: (around: VersionInputs) => AirflowSettings;
  /** Beyond settings. */
  readonly flower: { readonly env: Values };
  readonly webserver: {
    /** Arguments of `airflow`. */
    readonly command: (port: number) => readonly string[];
    readonly env: Values;
    /** How it is known to live, and the files that this needs besides, of a webserver at `url`. */
    readonly healthy: (url: string, files: Values) => Pick<Service, "healthy" | "files">;
  };
}
