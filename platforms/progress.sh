# Extends the time limit of a start that uses CPU time: a busy machine makes a start slow, and a restart would make it slower.
# Prints the seconds since the machine's boot.
now() { read -r uptime _ </proc/uptime && echo "${uptime%.*}"; }

# Sets `used` to the CPU time of the container's processes and their ended children, in ticks of 1/100 s. Leaves out the check's own
# session: the runtime starts each check in a new session.
measure_cpu() {
  used=0
  read -r line </proc/self/stat
  set -- ${line##*) }
  session=$4
  for file in /proc/[0-9]*/stat; do
    { read -r line <"$file"; } 2>/dev/null || continue
    set -- ${line##*) }
    [ $# -lt 15 ] || [ "$4" = "$session" ] || used=$((used + ${12} + ${13} + ${14} + ${15}))
  done
}

# Starts the time limit: `since` moves on with progress, `started` stays.
begin_start() {
  since=$(now) started=$since
  measure_cpu
  used_before=$used
}

# Starts the time limit of SECONDS again if the start has used a thousandth of a CPU meanwhile, and if the limit then ends within
# LONGEST_SECONDS of the start.
judge_progress() { # SECONDS LONGEST_SECONDS
  measure_cpu
  if [ $((used - used_before)) -ge $(($1 / 10 + 1)) ] && [ $(($(now) - started + $1)) -le "$2" ]; then
    since=$(now) used_before=$used
  fi
}
