# To be sourced.

# usage: quietly WHAT COMMAND...
# Runs COMMAND with its output in a log. Prints the elapsed time every 10 s, and the end of the log if COMMAND fails.
quietly() {
  local what=$1 begin=$SECONDS next=10 log pid
  shift
  log=$(mktemp)
  echo "$what ..."
  "$@" > "$log" 2>&1 < /dev/null &
  pid=$!
  # Ends the background job with this shell: Ctrl-C does not reach the job.
  trap 'kill "$pid" 2> /dev/null || true' EXIT
  while kill -0 "$pid" 2> /dev/null; do
    sleep 0.2
    ((SECONDS - begin < next)) || { echo "$what: $((SECONDS - begin)) s"; next=$((next + 10)); }
  done
  trap - EXIT
  wait "$pid" || { tail -25 "$log" >&2; rm "$log"; return 1; }
  rm "$log"
}

# usage: apt_get ARGUMENT...
# Runs apt-get under a lock, since concurrent runs fail. Services that a package starts do not inherit the lock.
apt_get() { flock --close /var/cache/apt/airflow-on-celery.lock apt-get "$@"; }
