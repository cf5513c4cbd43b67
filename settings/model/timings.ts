/** Seconds that the stack tells Airflow where a stack file does not, and that have to fit each other and the stack's own. */
export const timings = {
  /**
   * A running task without heartbeats is given to another worker after so long, whatever the reason: the long stop, for
   * a control plane that is silent for minutes. Also Airflow's own default.
   */
  heartbeatTimeout: 300,
  /** The same in Airflow 2, where no worker has a lease: a dead worker's tasks wait for it. */
  heartbeatTimeoutOf2: 60,
  /** How often it is looked; Airflow's own default is 10. */
  detectionInterval: 5,
  /**
   * How often a running task says that it lives; Airflow's own default. The same for any number of workers, or adding one would
   * replace the others.
   */
  heartbeatInterval: 5,
  /** How often a worker tells the broker which tasks it holds: its lease. */
  leaseRenewal: 2,
  /** A task that neither the broker nor the webserver has heard of for so long is ended by its worker, within 5 s. */
  taskFence: 20,
  /** The same on the side of the scheduler, which gives the task to another worker: later than it can run on. */
  taskDead: 30,
  /** A message that is in no queue, and held by no worker, for so long is lost: its task is scheduled again. */
  messageLost: 40,
  /** The longest wait in the queue: a task's token is valid for so long. */
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
