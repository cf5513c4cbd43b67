-- Runs once, on an empty data directory. Keeps statements that fail, and thereby passwords, out of the server's log.
SET log_min_error_statement = panic;
\set metadata_password `cat /run/secrets/metadata_password`
\set results_password `cat /run/secrets/results_password`
CREATE ROLE airflow LOGIN PASSWORD :'metadata_password';
CREATE ROLE airflow_results LOGIN PASSWORD :'results_password';
CREATE DATABASE airflow OWNER airflow;
CREATE DATABASE airflow_results OWNER airflow_results;
REVOKE CONNECT ON DATABASE airflow, airflow_results FROM PUBLIC;
