/**
 * Seconds between two probes of a healthy container, seconds that such a container may fail before a restart, and
 * probes per health check, since starting a check costs more CPU time than a probe, on an engine and in a cluster.
 */
export const checks = { everySeconds: 10, patienceSeconds: 15, looks: 6 };
