# quietly WHAT COMMAND...: runs COMMAND with its output in a log, prints the time every ten seconds, and shows the end of
# the log when COMMAND fails. To be sourced.
quietly() {
  local what=$1 begin=$SECONDS next=10 log pid
  shift
  log=$(mktemp)
  echo "$what ..."
  "$@" > "$log" 2>&1 < /dev/null &
  pid=$!
  # Ctrl-C does not reach a job in the background.
  trap 'kill "$pid" 2> /dev/null || true' EXIT
  while kill -0 "$pid" 2> /dev/null; do
    sleep 0.2
    ((SECONDS - begin < next)) || { echo "$what: $((SECONDS - begin)) s"; next=$((next + 10)); }
  done
  trap - EXIT
  wait "$pid" || { tail -25 "$log" >&2; rm "$log"; return 1; }
  rm "$log"
}

# apt_get ARGUMENT...: runs apt-get under a lock, since two at a time fail and scripts may install side by side. Services
# that a package starts do not keep the lock.
apt_get() { flock --close /var/cache/apt/airflow-on-celery.lock apt-get "$@"; }
