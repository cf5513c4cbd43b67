/**
 * Seconds between two looks at a healthy container, how long one that was healthy may fail before a restart, and how many
 * looks one health check takes: starting a check costs more CPU time than a look, on an engine and in a cluster.
 */
export const checks = { everySeconds: 10, patienceSeconds: 15, looks: 6 };
