# usage: logins.sh FOLDER
# Sets the stack's current passwords in Postgres, with FOLDER/login.sql. Safe to repeat.
set -eu
umask 077
# Keeps passwords out of the server's log and statistics.
export PGUSER=postgres PGDATABASE=postgres PSQLRC=/dev/null PGCONNECT_TIMEOUT=10 \
  PGOPTIONS='-c log_statement=none -c log_min_error_statement=panic -c log_min_duration_statement=-1 -c log_min_duration_sample=-1 -c log_transaction_sample_rate=0 -c client_min_messages=warning -c track_activities=off -c pg_stat_statements.track=none'

sql() { psql --no-password --quiet --set=ON_ERROR_STOP=1 "$@"; }

# Writes the first of the superuser's passwords that Postgres accepts to PGPASSFILE; the latest password comes first.
log_in() {
  while IFS= read -r password; do
    printf %s "$password" | sed 's/[\\:]/\\&/g; s/^/*:*:*:*:/; $a\' > "$PGPASSFILE"
    if sql --command='SELECT' > /dev/null; then return; fi
  done < /run/secrets/postgres_passwords
  echo "logins: no password that the stack has had lets postgres log in to $PGHOST:$PGPORT, see above; expected the current one or an" \
    "earlier one. Set the current one, as a superuser: ALTER ROLE postgres PASSWORD '...';" >&2
  exit 1
}

log_in
sql << 'SQL'
\set password `head -n 1 /run/secrets/postgres_passwords`
ALTER ROLE postgres PASSWORD :'password';
SQL
log_in
sql --set=owner=airflow --set=login="$METADATA_LOGIN" --set=previous="$METADATA_PREVIOUS" \
  --set=secret=/run/secrets/metadata_password --file="$1/login.sql"
sql --set=owner=airflow_results --set=login="$RESULTS_LOGIN" --set=previous="$RESULTS_PREVIOUS" \
  --set=secret=/run/secrets/results_password --file="$1/login.sql"
