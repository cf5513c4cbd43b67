# Prints the view that processes in a container have, and their rights, as lines of a name, a tab and a value.
# usage: sh -c "$(cat inside.sh)" inside DIRECTORY... -- FILE...
say() { printf '%s\t%s\n' "$1" "$2"; }
words() { tr '\0' ' ' <"/proc/$1/cmdline"; }
rights() { sed -nE 's/^(Uid|Gid|Groups|Cap[A-Z][a-z]+|NoNewPrivs|Seccomp|Umask):\s*(.*)/\1\t\2/p' "/proc/$1/status" | tr -s '\t ' '\t '; }
limit() { for file; do [ ! -e "$file" ] || { cat "$file"; return; }; done; }

child_of() { grep -l "^PPid:.$1\$" /proc/[0-9]*/status 2>/dev/null | cut -d/ -f3 | sort -n | head -1; }

# An engine has an init in front of the command.
main=1
[ "$(cat /proc/1/comm)" != docker-init ] || main=$(child_of 1)
child=$(child_of "$main")
tr '\0' '\n' <"/proc/$main/environ" | while IFS= read -r line; do say "env ${line%%=*}" "${line#*=}"; done
say "command of the main process" "$(words "$main")"
say "command of its child" "$(words "$child")"
rights "$main" | sed 's/^/main process: /'
rights "$child" | sed 's/^/its child: /'
say "working directory" "$(readlink "/proc/$main/cwd")"
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
