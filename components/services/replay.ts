/**
 * Seconds that a deployment waits for a server to replay its log: after a failure the next deployment replaces the
 * container, and the replay starts again from the beginning.
 */
export const replaySeconds = 3600;
