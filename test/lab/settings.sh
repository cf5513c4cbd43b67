# Places, names and addresses of the lab, and how its processes are kept. To be sourced.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(cd "$here/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/airflow-on-celery
lab=$cache/lab     # kept: programs, certificates, images
run=$lab/run       # the cluster's own: gone with it
bin=$lab/bin
logs=$run/logs
nodes=(node1 node2)
net=10.88.0        # .1 the control plane, .11 and .12 the nodes, .254 this machine
switch="lab-control" # the namespace with the bridge
uplink=lab0          # this machine's end of the cable to it
pods=10.89         # 10.89.N.0/24 on nodeN
services=10.96.0.0/16
dns=10.96.0.10
registry_port=5055
tool_image=lab.local/busybox:1
kubernetes=v1.34.4
scripts=lab        # npm's names for up and down begin so

say() { echo "lab: $*"; }
fail() { printf '%s\n' "$@" >&2; exit 1; }

# Each process has a cgroup with all its children: a number that was given again is not taken for the process, and no child
# escapes a kill. Version 2 can kill a cgroup; where controllers are version 1, version 2 is mounted beside them.
if [[ -f /sys/fs/cgroup/cgroup.controllers ]]; then tree=/sys/fs/cgroup/airflow-lab; else tree=/sys/fs/cgroup/unified/airflow-lab; fi

alive() { # NAME
  [[ -d $tree/$1 && $(< "$tree/$1/cgroup.events") == *"populated 1"* ]]
}

start() { # NAME COMMAND...
  local name=$1; shift
  alive "$name" && return
  mkdir -p "$tree/$name" "$logs/$(dirname "$name")"
  # The lock must not outlive this script in a child.
  setsid bash -c 'echo $$ > "$0/cgroup.procs"; exec "$@"' "$tree/$name" "$@" >> "$logs/$name.log" 2>&1 < /dev/null 9>&- &
  disown
  until alive "$name" || ! kill -0 $! 2> /dev/null; do sleep 0.01; done
}

# Kills NAME and all below it, as a power cut would.
kill_tree() { # NAME
  local path=$tree/$1 directory
  if [[ -d $path ]]; then
    echo 1 > "$path/cgroup.kill"
    while alive "$1"; do sleep 0.02; done
  fi
  # Version 1 keeps the same tree in each hierarchy.
  for directory in "$path" /sys/fs/cgroup/*/"${tree##*/}/$1"; do
    [[ ! -d $directory ]] || find "$directory" -depth -type d -exec rmdir {} + 2> /dev/null || true
  done
}

# Polls until COMMAND succeeds while process NAME lives; says every ten seconds that it waits.
await() { # NAME WHAT SECONDS COMMAND...
  local name=$1 what=$2 seconds=$3 begin=$SECONDS next=10; shift 3
  until "$@" > /dev/null 2>&1; do
    alive "$name" || give_up "$name" "$name of the lab has ended, see above."
    ((SECONDS - begin < seconds)) || give_up "$name" "Waited $seconds s in vain for $what."
    ((SECONDS - begin < next)) || { say "waiting for $what: $((SECONDS - begin)) s"; next=$((next + 10)); }
    sleep 0.1
  done
}
give_up() { # NAME MESSAGE
  tail -5 "$logs/$1.log" >&2
  fail "$2" "The log of $1 is $logs/$1.log; npm run $scripts:down and npm run $scripts:up start afresh."
}

kubectl() { "$bin/kubectl" --kubeconfig "$lab/kubeconfig" "$@"; }

# Lets one of up, down, start and stop run at a time.
lock_lab() {
  mkdir -p "$lab"
  exec 9> "$lab/lock"
  flock --nonblock 9 || { say "waiting for another run, which is at work on the lab"; flock 9; }
}
