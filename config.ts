import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "./settings/model/groups.ts";
import { placesIn, settingsFromPulumi } from "./settings/read/read.ts";
import { Refused } from "./settings/read/yaml/refused.ts";

/** Lists the keys whose values the CLI decrypted; Pulumi's SDK does not expose these keys. */
function secretKeys(): readonly string[] {
  return JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS ?? "[]");
}

/** Lists the running stack's own values, in the clear, by key without the project's prefix. */
export function readValues(): Readonly<Record<string, string>> {
  const prefix = `${pulumi.getProject()}:`;
  const entries = Object.entries(pulumi.runtime.allConfig()).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(entries.map(([key, value]) => [key.slice(prefix.length), value]));
}

function ownFile(): string {
  return `stacks/Pulumi.${pulumi.getStack()}.yaml`;
}

/** Returns the places of the running stack's values, for errors. */
export function readPlaces() {
  return placesIn(ownFile());
}

/**
 * Reads the configuration of the running stack.
 * @param isNew true if the stack has nothing deployed
 * @throws pulumi.RunError listing every fault: place, key, given, expected
 */
export function readSettings(isNew: boolean): Settings {
  const prefix = `${pulumi.getProject()}:`;
  const bare = (key: string) => key.slice(prefix.length);
  const isOwn = (key: string) => key.startsWith(prefix);
  const given = {
    raw: readValues(),
    secret: secretKeys().filter(isOwn).map(bare),
    stack: pulumi.getStack(),
    isNew,
  };
  try {
    return settingsFromPulumi(given, ownFile());
  } catch (error) {
    throw error instanceof Refused ? new pulumi.RunError(error.message) : error;
  }
}
