# A health check that restarts what stays unhealthy, which an engine alone does not do. One run polls until the
# command succeeds, because starting a check costs far more than a poll, and engines before 25 have no start interval;
# for the same reason a run that finds the workload healthy looks several times.
# usage: sh -c "$(cat probe.sh)" probe START_SECONDS EVERY_SECONDS LOOKS PATIENCE_SECONDS STOP_SIGNAL GRACE_SECONDS COMMAND...
start=$1 every=$2 looks=$3 patience=$4 signal=$5 grace=$6
shift 6
was_healthy=/dev/shm/.was-healthy
now() { read -r uptime _ </proc/uptime && echo "${uptime%.*}"; }

look() { # PATIENCE_SECONDS PAUSE_SECONDS COMMAND...
  limit=$1 pause=$2
  shift 2
  since=$(now)
  until timeout 10 "$@"; do
    failing=$(($(now) - since))
    if [ "$failing" -ge "$limit" ]; then
      echo "unhealthy for ${failing} s: restarting"
      kill -s "$signal" 1
      (sleep "$grace" && kill -s KILL -- -1) >/dev/null 2>&1 &
      exit 1
    fi
    sleep "$pause"
  done
}

if [ -e "$was_healthy" ]; then
  while [ "$looks" -gt 0 ]; do
    sleep "$every"
    look "$patience" 2 "$@"
    looks=$((looks - 1))
  done
else
  look "$start" 0.5 "$@"
  : >"$was_healthy"
fi
