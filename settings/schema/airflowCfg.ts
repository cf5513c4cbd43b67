import { z } from "zod";

/** Any `airflow.cfg` setting, by section and key. */
export type AirflowSettings = Readonly<Record<string, Readonly<Record<string, string>>>>;

const sections =
  "expected sections of airflow.cfg, each with keys and their values: { core: { parallelism: 32 } }";
/** Marks a value that may be secret; `isSensitive` of known.ts decides which are, by version. */
const secret = z.string().meta({ secret: true });
const value = z
  .union([secret, z.string(), z.number(), z.boolean()], {
    error: "expected text, a number or a boolean",
  })
  // Spells booleans as Airflow does.
  .transform((given) => (given === true ? "True" : given === false ? "False" : String(given)));

export const airflowCfg = z
  .record(z.string(), z.record(z.string(), value, { error: sections }), { error: sections })
  .meta({ discreet: true });
