# usage: sh -c "$(cat progress.sh probe.sh)" probe START_SECONDS LONGEST_SECONDS EVERY_SECONDS POLLS PATIENCE_SECONDS STOP_SIGNAL GRACE_SECONDS COMMAND...
# Checks the health of a workload, and restarts the workload if it stays unhealthy, which an engine does not do by itself.
# One run polls until COMMAND succeeds, and then polls a healthy workload POLLS times: starting a check costs far more than a poll, and
# engines before 25 have no start interval.
# Exit status 75 of COMMAND means that the workload loads or recovers, which a restart would begin again.
# The engine records the output of COMMAND with each check, successful ones included, for people.
# A start that uses CPU time is slow, not hung: it may take LONGEST_SECONDS instead of START_SECONDS.
start=$1 longest=$2 every=$3 polls=$4 patience=$5 signal=$6 grace=$7
shift 7
# Exists while the workload is healthy. A failure removes the file, so that a recovery is polled as often as a start.
healthy_mark=/dev/shm/.was-healthy
# Link to the time at which the workload was asked to stop; a link needs no space on a full disk. A workload that is healthy again loses
# the link, so that a later stop, such as the engine's, has the whole grace.
stop_mark=/dev/shm/.asked-to-stop
report() { [ -z "$output" ] || printf '%s\n' "$output"; }

poll() { # PATIENCE_SECONDS LONGEST_PATIENCE_SECONDS PAUSE_SECONDS COMMAND...
  limit=$1 longest_limit=$2 pause=$3 in_progress=
  shift 3
  begin_start
  until output=$(timeout 10 "$@" 2>&1); do
    [ $? -ne 75 ] || in_progress=yes limit=$patience
    if [ -L "$stop_mark" ] && [ $(($(now) - $(readlink "$stop_mark"))) -ge "$grace" ]; then
      echo "unhealthy for ${grace} s since it was asked to stop: killing"
      kill -s KILL -- -1
      # Resumes process 1, the engine's init, which may be suspended: no signal from here kills it, and it ends with its child.
      kill -s CONT 1
      exit 1
    fi
    [ -n "$in_progress" ] || judge_progress "$limit" "$longest_limit"
    if [ $(($(now) - since)) -ge "$limit" ]; then
      report
      rm -f "$healthy_mark"
      if [ -z "$in_progress" ] && [ ! -L "$stop_mark" ]; then
        echo "unhealthy for $(($(now) - started)) s: restarting"
        ln -s "$(now)" "$stop_mark"
        kill -s "$signal" 1
      fi
      exit 1
    fi
    sleep "$pause"
  done
  [ ! -L "$stop_mark" ] || rm "$stop_mark"
}

if [ -e "$healthy_mark" ]; then
  while [ "$polls" -gt 0 ]; do
    sleep "$every"
    poll "$patience" "$patience" 2 "$@"
    # Ends the run for an output, since an engine records only ended runs.
    [ -z "$output" ] || break
    polls=$((polls - 1))
  done
else
  poll "$start" "$longest" 0.5 "$@"
  : >"$healthy_mark"
fi
report
