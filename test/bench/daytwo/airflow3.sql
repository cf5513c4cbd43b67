-- Fills the metadata of Airflow 3 with `instances` task instances of the last 180 days: runs of the DAGs `past_…`, which Airflow has
-- read, evenly spread; two percent of the runs failed, and two percent of the tasks needed a second try.

\set tasks 10
\set days 180

CREATE FUNCTION pg_temp.uuid7(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
  SELECT (substr(ms, 1, 8) || '-' || substr(ms, 9) || '-7' || substr(gen_random_uuid()::text, 16))::uuid
  FROM (SELECT lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') AS ms) AS clock
$$;

CREATE TEMP TABLE past AS
SELECT dag_id, id AS version, bundle_name, row_number() OVER (ORDER BY dag_id) AS place, count(*) OVER () AS dags
FROM dag_version WHERE dag_id LIKE 'past\_%' AND version_number = 1;

\echo runs
INSERT INTO dag_run (dag_id, run_id, run_type, triggered_by, state, queued_at, start_date, end_date, logical_date,
  data_interval_start, data_interval_end, run_after, last_scheduling_decision, created_at, updated_at, conf, context_carrier,
  log_template_id, created_dag_version_id)
SELECT dag_id, 'scheduled__' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US+00:00'), 'scheduled', 'TIMETABLE',
  CASE WHEN number % 50 = 0 THEN 'failed' ELSE 'success' END, at, at, at + interval '30 s', at, at, at, at, at + interval '30 s',
  at, at + interval '30 s', '{}', '{}', (SELECT max(id) FROM log_template), version
FROM (SELECT past.*, number, now() - make_interval(secs => 86400.0 * :days * (runs - number + place / (dags + 1.0)) / runs) AS at
  FROM past, LATERAL (SELECT greatest(:instances / (dags * :tasks), 1) AS runs) AS size, generate_series(1, runs) AS number) AS planned;
-- Without statistics, each check of a reference would read all rows of a DAG.
ANALYZE dag_run;

\echo task instances
INSERT INTO task_instance (id, dag_id, task_id, run_id, state, try_number, max_tries, start_date, end_date, duration, hostname,
  unixname, pool, pool_slots, queue, priority_weight, operator, custom_operator_name, queued_dttm, scheduled_dttm, queued_by_job_id,
  last_heartbeat_at, pid, executor_config, updated_at, context_carrier, external_executor_id, task_display_name, dag_version_id)
SELECT pg_temp.uuid7(at), dag_id, 'task_' || number, run_id,
  CASE WHEN number = :tasks - 1 AND run_state = 'failed' THEN 'failed' ELSE 'success' END,
  CASE WHEN (run + number) % 50 = 0 THEN 2 ELSE 1 END, 1, at, at + interval '1 s', 1, 'worker-1', 'airflow', 'default_pool', 1,
  'default', :tasks - number, '_PythonDecoratedOperator', '@task', at, at, 1, at, 100, '\x80057d942e', at + interval '1 s', '{}',
  gen_random_uuid()::text, 'task_' || number, created_dag_version_id
FROM (SELECT dag_id, run_id, id AS run, state AS run_state, created_dag_version_id, number, start_date + number * interval '3 s' AS at
  FROM dag_run, generate_series(0, :tasks - 1) AS number WHERE dag_id LIKE 'past\_%') AS planned;
ANALYZE task_instance;

\echo earlier tries
INSERT INTO task_instance_history (task_instance_id, dag_id, task_id, run_id, map_index, state, try_number, max_tries, start_date,
  end_date, duration, hostname, unixname, pool, pool_slots, queue, priority_weight, operator, queued_dttm, scheduled_dttm, updated_at,
  task_display_name, dag_version_id)
SELECT pg_temp.uuid7(start_date), dag_id, task_id, run_id, map_index, 'failed', 1, max_tries, start_date, start_date, 0, hostname,
  unixname, pool, pool_slots, queue, priority_weight, operator, queued_dttm, scheduled_dttm, start_date, task_display_name,
  dag_version_id
FROM task_instance WHERE try_number = 2 AND dag_id LIKE 'past\_%';

\echo results of tasks
INSERT INTO xcom (dag_run_id, dag_id, task_id, run_id, key, value, timestamp)
SELECT r.id, dag_id, task_id, run_id, 'return_value', to_jsonb(md5(r.id::text)), t.end_date
FROM task_instance t JOIN dag_run r USING (dag_id, run_id) WHERE task_id IN ('task_0', 'task_5') AND dag_id LIKE 'past\_%';

\echo audit log
INSERT INTO log (dttm, dag_id, task_id, map_index, event, logical_date, run_id, owner, try_number)
SELECT CASE event WHEN 'running' THEN t.start_date ELSE t.end_date END, dag_id, task_id, map_index, event, r.logical_date, run_id,
  'airflow', try_number
FROM task_instance t JOIN dag_run r USING (dag_id, run_id), unnest(ARRAY['running', t.state]) AS event
WHERE dag_id LIKE 'past\_%';
