/**
 * Seconds that a deployment waits for a database that replays its log: after a failure the next deployment
 * replaces the database, and the replay begins again.
 */
export const replaySeconds = 3600;
