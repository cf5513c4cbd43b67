import assert from "node:assert/strict";
import { containersOf, declare } from "./mocks.ts";
import type { Config } from "./settingsFrom.ts";

/** Files of a container. */
export type Uploads = readonly { readonly file: string; readonly content: string }[];

/** Inputs of a container that tests read. */
export interface Container {
  readonly image: string;
  readonly user: string;
  readonly entrypoints: readonly string[];
  readonly envs: readonly string[];
  readonly uploads: Uploads;
  readonly mounts: readonly Readonly<Record<string, unknown>>[];
  readonly ports?: readonly { readonly external: number; readonly ip: string }[];
}

/** Declares a stack; returns its containers by name. */
export async function containers(config: Config): Promise<ReadonlyMap<string, Container>> {
  return containersOf(await declare(config)) as unknown as ReadonlyMap<string, Container>;
}

/** Returns the content of a container's file. */
export function fileIn({ uploads }: Container, path: string): string {
  return uploads.find(({ file }) => file === path)?.content ?? assert.fail(`there is no ${path}`);
}
