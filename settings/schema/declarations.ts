import { z } from "zod";
import { secret, secretError } from "./secret.ts";
import { flag, matching, object, oneOf, port, text, whole } from "./values.ts";

const connectionId = matching(
  /^[\w#!()\-.:/\\]{1,250}$/,
  "expected letters, digits and the characters _#!()-.:/\\, 250 at most",
);
const printed = "expected a name without control characters, and without spaces at either end";
const variableName = matching(/^(?!\s)[^\p{Cc}]{1,250}(?<!\s)$/u, `${printed}, 250 at most`);
const poolName = matching(/^(?!\s)[^\p{Cc}]{1,256}(?<!\s)$/u, `${printed}, 256 at most`);

/** Login of the first administrator. */
export const login = matching(
  /^[A-Za-z][A-Za-z0-9_.@+-]{0,63}$/,
  "expected letters, digits, '_', '.', '@', '+' and '-', a letter first, 64 at most",
);
const userName = matching(
  /^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,199}$/,
  "expected letters, digits, '_', '.', '@', '+' and '-', 200 at most",
);

const connection = object({
  uri: secret
    .optional()
    .describe("Instead of all other keys: `postgresql://user:password@host:5432/schema`."),
  type: text.optional().describe("Airflow's connection type: `postgres`, `http`, `aws`."),
  host: text.optional().describe("Host name or address."),
  port: port.optional().describe("Port."),
  login: text.optional().describe("User name."),
  password: secret.optional().describe("Password of the user."),
  schema: text.optional().describe("Database, for most types."),
  extra: z
    .union([secret, z.record(z.string(), z.unknown())], {
      error: secretError("expected an object, or a secret with its JSON"),
    })
    .optional()
    .describe("Further fields: an object, or a secret with its JSON.")
    .meta({ discreet: true }),
  description: text.optional().describe("Description for people."),
});

const pool = object({
  slots: whole(-1, 1_000_000).describe("Tasks that may run at once; -1 means any number."),
  description: text.optional().describe("Description that people see."),
  includeDeferred: flag.default(false).describe("Counts deferred tasks, too."),
});

const user = object({
  role: oneOf("Admin", "Op", "User", "Viewer", "Public").default("Viewer").describe("Role in Airflow."),
  email: matching(/^[^\s@]+@[^\s@]+$/, "expected a mail address")
    .optional()
    .describe("Mail address."),
  firstName: text.optional().describe("First name."),
  lastName: text.optional().describe("Last name."),
  password: secret.describe("Password; set when the user is declared, and again when it changes here."),
});

const declarationShapes = {
  connections: z
    .record(connectionId, connection, { error: "expected connections by id" })
    .default({})
    .describe("Connections of Airflow, by id."),
  variables: z
    .record(
      variableName,
      z.union(
        [
          secret,
          z.string(),
          z.number(),
          z.boolean(),
          z.array(z.unknown()),
          z.record(z.string(), z.unknown()),
        ],
        { error: secretError("expected text, a number, a boolean, a list, an object, or a secret") },
      ),
      {
        error: "expected values by variable name",
      },
    )
    .default({})
    .describe("Variables of Airflow, by name; lists and objects become JSON.")
    .meta({ discreet: true }),
  pools: z
    .record(poolName, pool, { error: "expected pools by name" })
    .default({})
    .describe("Pools of Airflow, by name: `{ api: { slots: 4 } }`."),
  users: z
    .record(userName, user, { error: "expected users by login" })
    .default({})
    .describe("Users of Airflow besides `adminUser`, by login."),
};

/** Schema of `airflow.yaml`. */
export const declarations = object(declarationShapes);

/** Keys of `airflow.yaml`, which a stack file may have too. */
export const declarationKeys = declarationShapes;

export type DeclaredObjects = z.output<typeof declarations>;
