import { z } from "zod";

/** Any `airflow.cfg` setting, by section and key. */
export type AirflowSettings = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Settings that the stack mints or decides itself, each for the roles that need it. */
const reserved = [
  "api.secret_key",
  "api_auth.jwt_secret",
  "celery.broker_url",
  "celery.flower_basic_auth",
  "celery.result_backend",
  "core.executor",
  "core.fernet_key",
  "database.sql_alchemy_conn",
];

const sections =
  "allowed are sections of airflow.cfg, each with keys and their values: { core: { parallelism: 32 } }";
const value = z.union([z.string(), z.number(), z.boolean()], {
  error: "allowed is a text, a number or a boolean",
});

export const airflowCfg = z
  .record(z.string(), z.record(z.string(), value, { error: sections }), { error: sections })
  .superRefine((given, context) => {
    for (const [section, keys] of Object.entries(given)) {
      for (const key of Object.keys(keys)) {
        if (!reserved.includes(`${section}.${key}`.toLowerCase())) continue;
        context.addIssue({
          code: "custom",
          path: [section, key],
          message: "it is the stack's own and cannot be set",
        });
      }
    }
  })
  .transform((given): AirflowSettings => {
    // Airflow's own spelling of a boolean.
    const spell = (plain: unknown) => (plain === true ? "True" : plain === false ? "False" : String(plain));
    const spelt = Object.entries(given).map(([section, keys]) => {
      return [section, Object.fromEntries(Object.entries(keys).map(([key, plain]) => [key, spell(plain)]))];
    });
    return Object.fromEntries(spelt);
  });
