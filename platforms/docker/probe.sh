# A health check that restarts what stays unhealthy, which an engine alone does not do. One run polls until the
# command succeeds, because starting a check costs far more than a poll, and engines before 25 have no start interval;
# for the same reason a run that finds the workload healthy looks several times.
# Exit status 75 of the command: the workload answers that it is on its way, which a restart would only begin again.
# Text of the command is for people, who find it in the engine's record of the check, also when it succeeds.
# usage: sh -c "$(cat probe.sh)" probe START_SECONDS EVERY_SECONDS LOOKS PATIENCE_SECONDS STOP_SIGNAL GRACE_SECONDS COMMAND...
start=$1 every=$2 looks=$3 patience=$4 signal=$5 grace=$6
shift 6
# From then on looks are rare, until it fails: what recovers, or is asked to stop, has a start before it.
was_healthy=/dev/shm/.was-healthy
# When the workload was asked to stop: a link, which takes no room where there may be none. It goes when the workload is
# healthy again, so whatever happens later, a stop of the engine's for example, has the whole grace.
asked=/dev/shm/.asked-to-stop
now() { read -r uptime _ </proc/uptime && echo "${uptime%.*}"; }
tell() { [ -z "$said" ] || printf '%s\n' "$said"; }

look() { # PATIENCE_SECONDS PAUSE_SECONDS COMMAND...
  limit=$1 pause=$2 coming=
  shift 2
  since=$(now)
  until said=$(timeout 10 "$@" 2>&1); do
    [ $? -ne 75 ] || coming=yes limit=$patience
    if [ -L "$asked" ] && [ $(($(now) - $(readlink "$asked"))) -ge "$grace" ]; then
      echo "unhealthy for ${grace} s since it was asked to stop: killing"
      kill -s KILL -- -1
      # No signal from here kills process 1, which is the engine's init: it ends with its child, but not while suspended.
      kill -s CONT 1
      exit 1
    fi
    failing=$(($(now) - since))
    if [ "$failing" -ge "$limit" ]; then
      tell
      rm -f "$was_healthy"
      if [ -z "$coming" ] && [ ! -L "$asked" ]; then
        echo "unhealthy for ${failing} s: restarting"
        ln -s "$(now)" "$asked"
        kill -s "$signal" 1
      fi
      exit 1
    fi
    sleep "$pause"
  done
  [ ! -L "$asked" ] || rm "$asked"
}

if [ -e "$was_healthy" ]; then
  while [ "$looks" -gt 0 ]; do
    sleep "$every"
    look "$patience" 2 "$@"
    # A record is kept of runs that have ended.
    [ -z "$said" ] || break
    looks=$((looks - 1))
  done
else
  look "$start" 0.5 "$@"
  : >"$was_healthy"
fi
tell
