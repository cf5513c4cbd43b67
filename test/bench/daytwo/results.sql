-- Fills Celery's results with one for each of `instances` task instances of the last 180 days.

-- VACUUM would warn of the catalog's tables, which belong to another user.
SET client_min_messages = error;
\echo results of Celery
INSERT INTO celery_taskmeta (id, task_id, status, result, date_done)
SELECT nextval('task_id_sequence'), gen_random_uuid(), 'SUCCESS', '\x80054e2e', now() AT TIME ZONE 'UTC' - number * interval '180 days' / :instances
FROM generate_series(1, :instances) AS number;
VACUUM ANALYZE;
