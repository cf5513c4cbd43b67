/** Default timings in seconds, which must fit each other and the timings of a stack file. */
export const timings = {
  /**
   * A running task without heartbeats for so long goes to another worker, for any reason: the last resort,
   * for a control plane that is silent for minutes. Also Airflow's default.
   */
  heartbeatTimeout: 300,
  /** Heartbeat timeout in Airflow 2, where no worker has a lease: a dead worker's tasks wait for so long. */
  heartbeatTimeoutOf2: 60,
  /** Interval of the search for tasks without heartbeats; Airflow's default is 10. */
  detectionInterval: 5,
  /**
   * Interval of a running task's heartbeats; Airflow's default. Equal for any number of workers: otherwise
   * adding a worker would replace the others.
   */
  heartbeatInterval: 5,
  /** Interval at which a worker renews its lease: it tells the broker which tasks it holds. */
  leaseRenewal: 2,
  /** A worker whose heartbeat is older counts as dead; it beats every 2 s. */
  workerMissed: 20,
  /** Any other job whose heartbeat is older counts as dead; it beats every 5 s. */
  jobMissed: 30,
  /** A worker ends a task that neither broker nor webserver has heard of for so long, within 5 s. */
  taskFence: 20,
  /** The scheduler gives a task silent for so long to another worker: the first has ended it by then. */
  taskDead: 30,
  /** A message that is in no queue and held by no worker for so long is lost: its task is scheduled again. */
  messageLost: 40,
  /**
   * Interval at which a scheduler takes over the tasks of schedulers that died: nobody looks after a task before.
   * Airflow's default of 300 leaves the tasks of a scheduler that was replaced within 30 s alone for so long.
   */
  orphanCheck: 15,
  /** Maximum wait in the queue: a task's token is valid for so long. */
  queuedTimeout: 3600,
  /** Interval of the search for new DAG files. */
  dagsRefresh: 10,
  /** Redis hands a message to a second worker after so long: longer than any task runs. */
  visibilityTimeout: 86_400,
  /** Timeout of a connection to the broker; Linux' default is 127. */
  brokerConnectTimeout: 5,
  /** Timeout of an answer from the broker; shorter than a worker may miss heartbeats. */
  brokerAnswerTimeout: 5,
  /** Interval of health checks of the broker; kombu's default is 25. */
  brokerCheckInterval: 10,
} as const;
