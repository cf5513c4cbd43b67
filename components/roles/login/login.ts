import type { Role } from "../../../roles.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import type { AirflowSettings } from "../../../settings/schema/airflowCfg.ts";
import type { Platform } from "../../../workload.ts";
import { readSecret } from "../../readSecret.ts";
import type { Extras } from "../extras.ts";
import { moduleFolder, modules } from "../modules.ts";

/** Minutes after which people log in again, and the provider decides again. */
const sessionMinutes = 480;

/** Bounds sessions and tokens, which would go on as long as a page of Airflow is open. */
export function loginSettings({ login }: Pick<Settings, "login">): AirflowSettings {
  if (!login) return {};
  return {
    fab: { session_max_lifetime_minutes: String(sessionMinutes) },
    api_auth: { jwt_expiration_time: String(sessionMinutes * 60) },
  };
}

/** Lets people log in to the webserver at the provider that a stack names; `login.py` reads the settings and the secret. */
export function loginOf(
  role: Role | "all",
  { login }: Pick<Settings, "login">,
  platform: Platform,
): Partial<Pick<Extras, "env" | "secrets" | "files" | "outbound">> {
  if (!login || role !== "webserver") return {};
  const { roles, oidc, ldap } = login;
  const { clientSecret, ...openId } = oidc ?? {};
  const { password, ...directory } = ldap ?? {};
  const given = { roles, ...(oidc && { oidc: openId }), ...(ldap && { ldap: directory }) };
  const secret = clientSecret ?? password;
  return {
    env: { AIRFLOW__FAB__CONFIG_FILE: `${moduleFolder}/login.py` },
    files: {
      ...modules(import.meta.url, "login.py"),
      [`${moduleFolder}/login.json`]: JSON.stringify(given),
    },
    ...(secret !== undefined && { secrets: { login_secret: readSecret(secret, platform) } }),
    outbound: true,
  };
}
