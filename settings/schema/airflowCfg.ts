import { z } from "zod";

/** Any `airflow.cfg` setting, by section and key. */
export type AirflowSettings = Readonly<Record<string, Readonly<Record<string, string>>>>;

const sections =
  "expected sections of airflow.cfg, each with keys and their values: { core: { parallelism: 32 } }";
/** Values may be secret; known.ts says which are, by version. */
const secret = z.string().meta({ secret: true });
const value = z.union([secret, z.string(), z.number(), z.boolean()], {
  error: "expected a text, a number or a boolean",
});

export const airflowCfg = z
  .record(z.string(), z.record(z.string(), value, { error: sections }), { error: sections })
  .meta({ discreet: true })
  .transform((given): AirflowSettings => {
    // Airflow's own spelling of a boolean.
    const spell = (plain: unknown) => (plain === true ? "True" : plain === false ? "False" : String(plain));
    const spelt = Object.entries(given).map(([section, keys]) => {
      return [section, Object.fromEntries(Object.entries(keys).map(([key, plain]) => [key, spell(plain)]))];
    });
    return Object.fromEntries(spelt);
  });
