import { type Role, rolesWhere } from "../../../roles.ts";
import type { AirflowSettings } from "../../../settings/schema/airflowCfg.ts";
import type { Endpoint, Service, Values } from "../../../workload.ts";

/** Roles that serve task logs. */
export const logServers = rolesWhere(({ servesLogs }) => servesLogs === true);

/** A setting whose value is a secret of the stack. */
interface Key {
  readonly section: string;
  readonly key: string;
  readonly secret: "jwtSecret" | "jwks" | "apiSecretKey";
  /** Place of the value: a file that a command reads, or one that the setting names. */
  readonly delivery: "command" | "path";
  readonly roles: readonly Role[];
}

/** Inputs of a version's settings. */
interface VersionInputs {
  readonly webserver: Endpoint;
  /** Public URL of the webserver, if there is one. */
  readonly publicUrl?: string | undefined;
}

/** Differences between major versions of Airflow: one table per version. */
export interface AirflowVersion {
  /** True if tasks report to the webserver; otherwise tasks write to the metadata database. */
  readonly usesExecutionApi: boolean;
  /** True if Airflow also opens async database connections, which have separate settings. */
  readonly asyncDatabase: boolean;
  readonly keys: readonly Key[];
  /** Defaults of the stack under their names in this version. */
  readonly settings: (inputs: VersionInputs) => AirflowSettings;
  /** Section of `config_file`, the path of a `webserver_config.py`. */
  readonly webserverConfig: "fab" | "webserver";
  /** Environment variables of Flower that are not Airflow settings, and folders that every process of Airflow writes to. */
  readonly flower: { readonly env: Values; readonly scratch: readonly string[] };
  readonly webserver: {
    /** Section of the webserver's settings. */
    readonly section: string;
    /** Arguments of `airflow`. */
    readonly command: (port: number) => readonly string[];
    readonly env: Values;
    /**
     * Returns the health check of a webserver at `url`, and `files` with those that the check needs.
     * @param modules further modules that the webserver imports at its start
     */
    readonly healthy: (
      url: string,
      files: Values,
      modules?: readonly string[],
    ) => Pick<Service, "healthy" | "files">;
  };
}
