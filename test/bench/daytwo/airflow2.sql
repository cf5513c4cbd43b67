-- Fills the metadata of Airflow 2 as airflow3.sql does that of Airflow 3.

\set tasks 10
\set days 180

CREATE TEMP TABLE past AS
SELECT dag_id, dag_hash, row_number() OVER (ORDER BY dag_id) AS place, count(*) OVER () AS dags
FROM serialized_dag WHERE dag_id LIKE 'past\_%';

\echo runs
INSERT INTO dag_run (dag_id, run_id, run_type, external_trigger, state, queued_at, start_date, end_date, execution_date,
  data_interval_start, data_interval_end, last_scheduling_decision, updated_at, conf, dag_hash, log_template_id)
SELECT dag_id, 'scheduled__' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US+00:00'), 'scheduled', false,
  CASE WHEN number % 50 = 0 THEN 'failed' ELSE 'success' END, at, at, at + interval '30 s', at, at, at, at + interval '30 s',
  at + interval '30 s', '\x80057d942e', dag_hash, (SELECT max(id) FROM log_template)
FROM (SELECT past.*, number, now() - make_interval(secs => 86400.0 * :days * (runs - number + place / (dags + 1.0)) / runs) AS at
  FROM past, LATERAL (SELECT greatest(:instances / (dags * :tasks), 1) AS runs) AS size, generate_series(1, runs) AS number) AS planned;
-- Without statistics, each check of a reference would read all rows of a DAG.
ANALYZE dag_run;

\echo task instances
INSERT INTO task_instance (dag_id, task_id, run_id, state, try_number, max_tries, start_date, end_date, duration, hostname, unixname,
  job_id, pool, pool_slots, queue, priority_weight, operator, custom_operator_name, queued_dttm, queued_by_job_id, pid,
  executor_config, updated_at, external_executor_id, task_display_name)
SELECT dag_id, 'task_' || number, run_id, CASE WHEN number = :tasks - 1 AND run_state = 'failed' THEN 'failed' ELSE 'success' END,
  CASE WHEN (run + number) % 50 = 0 THEN 2 ELSE 1 END, 1, at, at + interval '1 s', 1, 'worker-1', 'airflow', run * :tasks + number,
  'default_pool', 1, 'default', :tasks - number, '_PythonDecoratedOperator', '@task', at, 1, 100, '\x80057d942e',
  at + interval '1 s', gen_random_uuid()::text, 'task_' || number
FROM (SELECT dag_id, run_id, id AS run, state AS run_state, number, start_date + number * interval '3 s' AS at
  FROM dag_run, generate_series(0, :tasks - 1) AS number WHERE dag_id LIKE 'past\_%') AS planned;
ANALYZE task_instance;

\echo jobs
INSERT INTO job (dag_id, state, job_type, start_date, end_date, latest_heartbeat, executor_class, hostname, unixname)
SELECT dag_id, 'success', 'LocalTaskJob', start_date, end_date, end_date, 'CeleryExecutor', hostname, unixname
FROM task_instance WHERE dag_id LIKE 'past\_%';

\echo earlier tries
INSERT INTO task_instance_history (dag_id, task_id, run_id, map_index, state, try_number, max_tries, start_date, end_date, duration,
  hostname, unixname, pool, pool_slots, queue, priority_weight, operator, queued_dttm, updated_at, task_display_name)
SELECT dag_id, task_id, run_id, map_index, 'failed', 1, max_tries, start_date, start_date, 0, hostname, unixname, pool, pool_slots,
  queue, priority_weight, operator, queued_dttm, start_date, task_display_name
FROM task_instance WHERE try_number = 2 AND dag_id LIKE 'past\_%';

\echo results of tasks
INSERT INTO xcom (dag_run_id, dag_id, task_id, run_id, key, value, timestamp)
SELECT r.id, dag_id, task_id, run_id, 'return_value', convert_to('"' || md5(r.id::text) || '"', 'UTF8'), t.end_date
FROM task_instance t JOIN dag_run r USING (dag_id, run_id) WHERE task_id IN ('task_0', 'task_5') AND dag_id LIKE 'past\_%';

\echo audit log
INSERT INTO log (dttm, dag_id, task_id, map_index, event, execution_date, run_id, owner, owner_display_name, extra, try_number)
SELECT t.start_date, dag_id, task_id, map_index, event, r.execution_date, run_id, 'airflow', NULL, extra, try_number
FROM task_instance t JOIN dag_run r USING (dag_id, run_id), (VALUES ('running', NULL), ('success', NULL), ('cli_task_run',
  '{"host_name": "worker-1", "full_command": "[''/home/airflow/.local/bin/airflow'', ''tasks'', ''run'']"}')) AS entry (event, extra)
WHERE dag_id LIKE 'past\_%';
