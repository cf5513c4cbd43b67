/** Seconds between two checks of a healthy container, and how long one that was healthy may fail before a restart. */
export const checks = { everySeconds: 10, patienceSeconds: 15 };
