import { randomUUID } from "node:crypto";
import { identityOf } from "../../../components/backup/identity.ts";
import { jwksOf, secretsResource } from "../../../components/secrets.ts";
import { claimOf } from "../../../platforms/ownership/known.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { type ExportedState, nameOf, type Resource } from "../state.ts";
import type { ArchivedSecrets } from "./archive.ts";

const dynamic = "pulumi-nodejs:dynamic:Resource";
const project = "airflow";

/** Marks a value in a state as secret; the CLI encrypts it when it imports the state. */
function secret(value: unknown) {
  return {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    plaintext: JSON.stringify(value),
  };
}

/** Finds the secrets in a state. */
export function secretsIn({ deployment: { resources = [] } }: ExportedState): Resource | undefined {
  return resources.find(({ urn, type }) => type === dynamic && nameOf(urn) === "secrets");
}

/** True if a state has volumes, whose data needs the secrets beside them. */
export function hasVolumes({ deployment: { resources = [] } }: ExportedState): boolean {
  return resources.some((resource) => ["volume", "claim"].includes(claimOf(resource)?.kind ?? ""));
}

/** Returns the keys that open a stack's backups, one per line, the current one first, from a state in the clear. */
export function backupKeysIn(state: ExportedState): string {
  const { values, older } = (secretsIn(state)?.outputs ?? {}) as {
    values?: Record<string, string>;
    older?: Record<string, readonly string[]>;
  };
  return [values?.backupKey, ...(older?.backupKey ?? [])]
    .filter((key) => key !== undefined)
    .map(identityOf)
    .join("\n");
}

/** Lists the fernet keys with which a deployed stack decrypts values, from a resource in the clear. */
export function validFernetKeys({ outputs = {} }: Resource): readonly string[] {
  const { values, previous, older } = outputs as Partial<ArchivedSecrets>;
  const earlier = previous?.fernetKey === undefined ? [] : (older?.fernetKey ?? []);
  return [values?.fernetKey, ...earlier].filter((key) => key !== undefined);
}

/**
 * Explains why a stack could not decrypt all connections of a backup from between the two steps of a replacement.
 * @param valid fernet keys with which the stack decrypts
 */
export function droppedKeyFault(
  valid: readonly string[],
  { previous }: Pick<ArchivedSecrets, "previous">,
  { previousSecrets }: Pick<Settings, "previousSecrets">,
  id: string,
): string | undefined {
  const { fernetKey } = previous;
  if (fernetKey === undefined || valid.includes(fernetKey) || previousSecrets === "dropped") return undefined;
  return (
    `previousSecrets is ${previousSecrets}, and backup ${id} may have connections under a fernet key that the stack has dropped since; ` +
    "expected previousSecrets: dropped, with which the restore encrypts them with the present key."
  );
}

/**
 * Renders the resources of a state with nothing but the secrets of an archive; the next deployment makes the rest.
 * @param generations generations in the stack file, so that no secret is minted again
 */
export function secretsState(
  stack: string,
  { values, previous, older, replaced }: ArchivedSecrets,
  generations: Settings["secretGenerations"],
): readonly (Resource & Readonly<Record<string, unknown>>)[] {
  const urn = (type: string, name: string) => `urn:pulumi:${stack}::${project}::${type}::${name}`;
  const root = urn("pulumi:pulumi:Stack", `${project}-${stack}`);
  const airflow = urn("airflow:index:Airflow", "airflow");
  const provider = urn("pulumi:providers:pulumi-nodejs", "default");
  const id = randomUUID();
  const { source, names } = secretsResource;
  const inputs = {
    __provider: source,
    names,
    given: secret({}),
    generations,
    previousSecrets: "valid",
  };
  const jwks = jwksOf([values.jwtSecret, previous.jwtSecret].filter((key) => key !== undefined));
  const outputs = {
    ...inputs,
    values: secret(values),
    previous: secret(previous),
    older: secret(older),
    replaced,
    jwks,
  };
  return [
    { urn: root, custom: false, type: "pulumi:pulumi:Stack" },
    { urn: airflow, custom: false, type: "airflow:index:Airflow", parent: root },
    { urn: provider, custom: true, id, type: "pulumi:providers:pulumi-nodejs", inputs: {}, outputs: {} },
    {
      urn: urn(`airflow:index:Airflow$${dynamic}`, "secrets"),
      custom: true,
      id: "secrets",
      type: dynamic,
      inputs,
      outputs,
      parent: airflow,
      protect: true,
      provider: `${provider}::${id}`,
      additionalSecretOutputs: ["values", "previous", "older"],
    },
  ];
}
