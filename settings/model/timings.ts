/** Default timings, in seconds; `timeoutRules` and `heartbeatRules` check how they fit a stack's own. */
export const timings = {
  /** Silence after which a running task goes to another worker for any reason, as a last resort; Airflow's default. */
  heartbeatTimeout: 300,
  /** Heartbeat timeout in Airflow 2, where workers have no leases, so that the tasks of a dead worker wait this long. */
  heartbeatTimeoutOf2: 60,
  /** Interval of the search for tasks without heartbeats; Airflow's default is 10. */
  detectionInterval: 5,
  /** Interval of a task's heartbeats; Airflow's default. The same for any number of workers, since a change replaces all. */
  heartbeatInterval: 5,
  /** Interval at which a worker renews its lease, the list of its tasks in the broker. */
  leaseRenewal: 2,
  /** Age of its last heartbeat at which a worker counts as dead; workers send one every 2 s. */
  workerMissed: 20,
  /** Age of its last heartbeat at which any other role counts as dead; these send one every 5 s. */
  jobMissed: 30,
  /** Time without contact to broker and webserver after which a worker ends a task, within 5 s. */
  taskFence: 20,
  /** Silence after which the scheduler gives a task to another worker; by then the first worker has ended the task. */
  taskDead: 30,
  /** Time after which a message in no queue and held by no worker counts as lost, and its task is scheduled again. */
  messageLost: 40,
  /** Longest sleep of a scheduler that has nothing to do; `components/roles/idle/` wakes it for work. Airflow's default is 1. */
  idleSleep: 5,
  /** Interval at which schedulers adopt the tasks of dead ones, which are replaced within 30 s; Airflow's default is 300. */
  orphanCheck: 15,
  /** Maximum time of a task in the queue, and life of its token. */
  queuedTimeout: 3600,
  /** Life of a running task's token, renewed in its last fifth, which must be longer than `heartbeatTimeout`; Airflow's default is 600. */
  taskToken: 1800,
  /** Interval of the search for new DAG files. */
  dagsRefresh: 10,
  /** Time after which Redis hands a message to a second worker; must be longer than any task runs. */
  visibilityTimeout: 86_400,
  /** Timeout of a connection to the broker; Linux' default is 127. */
  brokerConnectTimeout: 5,
  /** Timeout of an answer from the broker; must be less than `workerMissed`. */
  brokerAnswerTimeout: 5,
  /** Interval of health checks of the broker; kombu's default is 25. */
  brokerCheckInterval: 10,
  /** Timeout of a worker's answer to a request for a log; Airflow's default, 5, is too short for a busy machine. */
  logAnswer: 15,
  /** Time in which a worker has written the log of a task that succeeded, and serves it, though the worker may be busy: three requests. */
  logWritten: 45,
} as const;
