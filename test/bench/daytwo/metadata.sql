-- Completes the metadata that airflow2.sql or airflow3.sql has filled.

-- VACUUM would warn of the catalog's tables, which belong to another user.
SET client_min_messages = error;

\echo rendered fields
INSERT INTO rendered_task_instance_fields (dag_id, task_id, run_id, rendered_fields)
SELECT dag_id, task_id, run_id, '{"templates_dict": null, "op_args": [], "op_kwargs": {}}'
FROM task_instance JOIN (SELECT dag_id, run_id, row_number() OVER (PARTITION BY dag_id ORDER BY id DESC) AS age FROM dag_run
  WHERE dag_id LIKE 'past\_%') AS latest USING (dag_id, run_id) WHERE age <= 30;

\echo statistics
VACUUM ANALYZE;
SELECT 'rows ' || sum(n_live_tup) || ', bytes ' || pg_database_size(current_database()) FROM pg_stat_user_tables;
