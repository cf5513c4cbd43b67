# quietly WHAT COMMAND...: runs COMMAND with its output in a log, says every ten seconds that it still runs, and shows
# the log's end when it fails. To be sourced.
quietly() {
  local what=$1 begin=$SECONDS next=10 log pid
  shift
  log=$(mktemp)
  echo "$what ..."
  "$@" > "$log" 2>&1 < /dev/null &
  pid=$!
  # A job in the background does not hear Ctrl-C.
  trap 'kill "$pid" 2> /dev/null || true' EXIT
  while kill -0 "$pid" 2> /dev/null; do
    sleep 0.2
    ((SECONDS - begin < next)) || { echo "$what: $((SECONDS - begin)) s"; next=$((next + 10)); }
  done
  trap - EXIT
  wait "$pid" || { tail -25 "$log" >&2; rm "$log"; return 1; }
  rm "$log"
}

# apt_get ARGUMENT...: apt-get, which fails while another one is at work: several scripts may install side by side. What
# a package starts does not keep the lock.
apt_get() { flock --close /var/cache/apt/airflow-on-celery.lock apt-get "$@"; }
