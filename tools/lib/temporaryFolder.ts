import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Folders to remove before this process ends. */
const folders = new Set<string>();

function remove(folder: string): void {
  folders.delete(folder);
  if (folders.size === 0) for (const signal of signals) process.off(signal, endBy);
  // A child that ends at this moment may still write.
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Ends this process by a signal, and removes its temporary folders first; does nothing while something else listens to the signal. */
export function endBy(signal: NodeJS.Signals): void {
  if (process.listeners(signal).some((listener) => listener !== endBy)) return;
  try {
    for (const folder of folders) remove(folder);
  } finally {
    process.off(signal, endBy);
    process.kill(process.pid, signal);
  }
}

/** Makes a folder that nobody else may read; a signal that ends this process removes it, too. */
export function temporaryFolder(): { readonly folder: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "airflow-"));
  if (folders.size === 0) for (const signal of signals) process.on(signal, endBy);
  folders.add(folder);
  return { folder, remove: () => remove(folder) };
}

/** Does work in a new folder that nobody else may read, and removes the folder afterwards. */
export async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const temporary = temporaryFolder();
  try {
    return await work(temporary.folder);
  } finally {
    temporary.remove();
  }
}
