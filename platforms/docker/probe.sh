# Health check that restarts a workload which stays unhealthy; an engine alone does not. One run polls until the
# command succeeds, because starting a check costs far more than a poll, and engines before 25 have no start interval;
# for the same reason a run that finds the workload healthy looks several times.
# Exit status 75 of the command: the workload loads or recovers, and a restart would begin that again.
# The command's text is for people; the engine records it with each check, successful ones included.
# A start that uses CPU time is slow, not hung: it may take LONGEST_SECONDS instead of START_SECONDS.
# usage: sh -c "$(cat progress.sh probe.sh)" probe START_SECONDS LONGEST_SECONDS EVERY_SECONDS LOOKS PATIENCE_SECONDS STOP_SIGNAL GRACE_SECONDS COMMAND...
start=$1 longest=$2 every=$3 looks=$4 patience=$5 signal=$6 grace=$7
shift 7
# Marks a healthy workload, which is looked at rarely. A failure removes the mark: recovery is checked as a start is.
was_healthy=/dev/shm/.was-healthy
# Time at which the workload was asked to stop: a link, which needs no room on a full disk. It is removed when the workload is
# healthy again, so that a later stop, the engine's for example, has the whole grace.
asked=/dev/shm/.asked-to-stop
tell() { [ -z "$said" ] || printf '%s\n' "$said"; }

look() { # PATIENCE_SECONDS LONGEST_PATIENCE_SECONDS PAUSE_SECONDS COMMAND...
  limit=$1 most=$2 pause=$3 coming=
  shift 3
  begin_start
  until said=$(timeout 10 "$@" 2>&1); do
    [ $? -ne 75 ] || coming=yes limit=$patience
    if [ -L "$asked" ] && [ $(($(now) - $(readlink "$asked"))) -ge "$grace" ]; then
      echo "unhealthy for ${grace} s since it was asked to stop: killing"
      kill -s KILL -- -1
      # Wakes process 1, the engine's init, which no signal from here kills: it ends with its child, unless it is suspended.
      kill -s CONT 1
      exit 1
    fi
    [ -n "$coming" ] || judge_progress "$limit" "$most"
    if [ $(($(now) - since)) -ge "$limit" ]; then
      tell
      rm -f "$was_healthy"
      if [ -z "$coming" ] && [ ! -L "$asked" ]; then
        echo "unhealthy for $(($(now) - began)) s: restarting"
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
    look "$patience" "$patience" 2 "$@"
    # Ends the run: an engine records only runs that have ended.
    [ -z "$said" ] || break
    looks=$((looks - 1))
  done
else
  look "$start" "$longest" 0.5 "$@"
  : >"$was_healthy"
fi
tell
