# What a container's own processes see and may do, as lines of a name, a tab and a value.
# usage: sh -c "$(cat inside.sh)" inside DIRECTORY... -- FILE...
say() { printf '%s\t%s\n' "$1" "$2"; }
words() { tr '\0' ' ' <"/proc/$1/cmdline"; }
rights() { sed -nE 's/^(Uid|Gid|Groups|Cap[A-Z][a-z]+|NoNewPrivs|Seccomp|Umask):\s*(.*)/\1\t\2/p' "/proc/$1/status" | tr -s '\t ' '\t '; }
limit() { for file; do [ ! -e "$file" ] || { cat "$file"; return; }; done; }

child=$(grep -l '^PPid:.1$' /proc/[0-9]*/status 2>/dev/null | cut -d/ -f3 | sort -n | head -1)
tr '\0' '\n' </proc/1/environ | while IFS= read -r line; do say "env ${line%%=*}" "${line#*=}"; done
say "command of process 1" "$(words 1)"
say "command of its child" "$(words "$child")"
rights 1 | sed 's/^/process 1: /'
rights "$child" | sed 's/^/its child: /'
say "working directory" "$(readlink /proc/1/cwd)"
say "memory" "$(limit /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes)"
if [ -e /sys/fs/cgroup/cpu.max ]; then
  say "cpu" "$(cat /sys/fs/cgroup/cpu.max)"
else
  say "cpu" "$(cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us) $(cat /sys/fs/cgroup/cpu/cpu.cfs_period_us)"
fi
say "/dev/shm, KiB" "$(df --output=size -k /dev/shm | tail -1 | tr -d ' ')"
while [ "$1" != -- ]; do
  say "directory $1" "$(if [ -w "$1" ]; then echo writable; else echo read-only; fi)"
  shift
done
shift
say "secrets" "$(ls /run/secrets 2>/dev/null | tr '\n' ' ')"
for file in "$@" /run/secrets/*; do
  [ ! -e "$file" ] || say "mode of $file" "$(stat -Lc %a "$file"), $(if [ -w "$file" ]; then echo writable; else echo read-only; fi)"
  [ ! -e "$file" ] || say "file $file" "$(base64 -w0 "$file")"
done
