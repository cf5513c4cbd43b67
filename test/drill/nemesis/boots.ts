/**
 * Boots a machine of the lab, which begins with a copy of this machine's mounts: a container of this machine's engine that
 * ends at that moment makes it fail.
 */
export async function boots(machine: string, boot: () => Promise<void>): Promise<void> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await boot();
    } catch (error) {
      if (attempts === 3) throw error;
      console.log(`    ${machine} did not boot; once more`);
    }
  }
}
