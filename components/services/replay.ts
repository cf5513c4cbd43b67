/**
 * Seconds for which a deployment waits for a database that replays its log, since one that fails is replaced by the next
 * deployment, and the replay begins again.
 */
export const replaySeconds = 3600;
