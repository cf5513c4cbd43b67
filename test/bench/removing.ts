const interrupted = new Promise<never>((_, fail) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => fail(new Error("Interrupted; everything is removed.")));
});

/** Does the work, then removes, even on failure or Ctrl-C. */
export async function removing(work: () => Promise<void>, remove: () => Promise<void>): Promise<void> {
  try {
    await Promise.race([work(), interrupted]);
  } finally {
    console.log("  removing");
    await remove();
  }
}
