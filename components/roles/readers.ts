import { type Role, roles, rolesWhere } from "../../roles.ts";
import { knownSettings } from "../../settings/model/known.ts";
import type { AirflowSettings } from "../../settings/schema/airflowCfg.ts";
import { versionOf } from "./versions/versionOf.ts";

/** Roles that use Celery's broker. */
export const celery = rolesWhere(({ broker }) => broker === true);

/** Sections that only these roles read. */
const sections: Readonly<Record<string, readonly Role[]>> = {
  celery,
  celery_broker_transport_options: celery,
  celery_result_backend_transport_options: celery,
  fab: ["migration", "webserver"],
};

/** Lists the roles that read settings of a section. */
export function sectionReaders(section: string): readonly Role[] {
  return sections[section.toLowerCase()] ?? roles;
}

/** True if the webserver has a page with the values of all settings. */
function showsSettings(version: string, settings: readonly AirflowSettings[]): boolean {
  const shown = `${versionOf(version).webserver.section}.expose_config`;
  const given = settings.flatMap((all) =>
    Object.entries(all).flatMap(([section, keys]) =>
      Object.entries(keys).filter(([key]) => `${section}.${key}`.toLowerCase() === shown),
    ),
  );
  const [, value = "False"] = given.at(-1) ?? [];
  return value.toLowerCase() !== "false";
}

/**
 * Returns a function that leaves a setting to the roles whose code reads it, so that a change of the setting replaces no
 * other role. Settings whose readers are unknown stay with all roles.
 * @param settings settings of the stack; later ones win
 */
export function leftToReaders(version: string, settings: readonly AirflowSettings[]) {
  const readers = knownSettings(version)?.readers;
  const isShown = showsSettings(version, settings);
  return <S extends { readonly section: string; readonly key: string; readonly roles: readonly Role[] }>(
    setting: S,
  ): S => {
    // DAGs' callbacks name the deployment by this setting in their messages.
    if (setting.key === "instance_name") return setting;
    const by = readers?.get(`${setting.section}.${setting.key}`.toLowerCase());
    if (by === undefined) return setting;
    const reads = (role: Role) => by.has(role) || (isShown && role === "webserver");
    return { ...setting, roles: setting.roles.filter(reads) };
  };
}
