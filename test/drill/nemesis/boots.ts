/**
 * Boots a machine of the lab, in up to three attempts. Booting starts with a copy of this machine's mounts,
 * and fails if a container of the local engine ends at that moment.
 */
export async function boots(machine: string, boot: () => Promise<void>): Promise<void> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await boot();
    } catch (error) {
      if (attempts === 3) throw error;
      console.log(`    ${machine} did not boot in attempt ${attempts} of 3; trying again`);
    }
  }
}
