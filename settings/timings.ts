/** Seconds that the stack tells Airflow where a stack file does not, and that have to fit each other and the stack's own. */
export const timings = {
  /** A dead worker's tasks are noticed after so long; Airflow's own default is 300. */
  heartbeatTimeout: 30,
  /** The same in Airflow 2, where each task starts commands of its own: on a busy machine that takes longer than 30. */
  heartbeatTimeoutOf2: 60,
  /** How often it is looked. */
  detectionInterval: 5,
  /** How often a running task says that it lives; Airflow's own default is 5, for which a finished task holds its place. */
  heartbeatInterval: 1,
  /** The longest wait in the queue: a task's token is valid for so long, and one lost with its worker is queued again. */
  queuedTimeout: 3600,
  /** How often it is looked for new DAG files. */
  dagsRefresh: 10,
  /** After so long Redis hands a message to a second worker: longer than any task. */
  visibilityTimeout: 86_400,
  /** The longest that connecting to the broker may take; Linux' own is 127. */
  brokerConnectTimeout: 5,
  /** The longest that the broker may take to answer; less than a worker may miss heartbeats. */
  brokerAnswerTimeout: 5,
  /** How often it is asked whether it is there; kombu's own default is 25. */
  brokerCheckInterval: 10,
} as const;
