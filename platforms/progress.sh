# Judges a start by its progress: a busy machine makes it slow, and to begin again would make it slower.
now() { read -r uptime _ </proc/uptime && echo "${uptime%.*}"; }

# Sets `used` to the ticks (1/100 s) of CPU time of the container's processes, ended ones included. The check's own processes do not
# count: the runtime gives each command that it starts in a container a session.
look_at_cpu() {
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

begin_start() {
  since=$(now) began=$since
  look_at_cpu
  mark=$used
}

# Begins the seconds of a start anew once it has used a thousandth of a CPU for them, unless it would take longer than the longest.
judge_progress() { # SECONDS LONGEST_SECONDS
  look_at_cpu
  if [ $((used - mark)) -ge $(($1 / 10 + 1)) ] && [ $(($(now) - began + $1)) -le "$2" ]; then
    since=$(now) mark=$used
  fi
}
