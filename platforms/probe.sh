# A health check that restarts what stays unhealthy, which an engine alone does not do. One run polls until the
# command succeeds, because starting a check costs far more than a poll, and engines before 25 have no start interval.
# usage: sh -c "$(cat probe.sh)" probe START_SECONDS EVERY_SECONDS PATIENCE_SECONDS STOP_SIGNAL GRACE_SECONDS COMMAND...
start=$1 every=$2 patience=$3 signal=$4 grace=$5
shift 5
was_healthy=/dev/shm/.was-healthy
now() { read -r uptime _ </proc/uptime && echo "${uptime%.*}"; }

pause=0.5
if [ -e "$was_healthy" ]; then
  sleep "$every"
  pause=2
else
  patience=$start
fi

since=$(now)
until timeout 10 "$@"; do
  failing=$(($(now) - since))
  if [ "$failing" -ge "$patience" ]; then
    echo "unhealthy for ${failing} s: restarting"
    kill -s "$signal" 1
    (sleep "$grace" && kill -s KILL -- -1) >/dev/null 2>&1 &
    exit 1
  fi
  sleep "$pause"
done
: >"$was_healthy"
