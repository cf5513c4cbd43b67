# The lab's network: a bridge in the control plane's namespace, and a cable from it to this machine and to each node.
# The bridge is in a namespace because Docker filters what bridges of this one carry. To be sourced.

control_namespace() { nsenter --net=/run/netns/lab-control "$@"; }

# A namespace's file may have outlived it, after a reboot.
namespace() { # NAME
  if ! nsenter --net="/run/netns/$1" true 2> /dev/null; then
    umount "/run/netns/$1" 2> /dev/null || true
    rm -f "/run/netns/$1"
    ip netns add "$1"
  fi
  ip -n "$1" link set lo up
}

remove_namespace() { # NAME
  ip netns del "$1" 2> /dev/null || rm -f "/run/netns/$1"
}

control_network() {
  namespace lab-control
  if ! ip -n lab-control link show bridge > /dev/null 2>&1; then
    ip -n lab-control link add bridge type bridge
    ip -n lab-control addr add "$net.1/24" dev bridge
    ip -n lab-control link set bridge up
  fi
  if ! ip link show lab0 > /dev/null 2>&1; then
    ip link add lab0 type veth peer name host netns lab-control
    ip addr add "$net.254/24" dev lab0
    ip link set lab0 up
    ip -n lab-control link set host master bridge up
  fi
}

# A node gets a new namespace at every start, as a machine that boots would.
node_network() { # NODE
  local node=$1 i=${1#node} other
  remove_namespace "lab-$node"
  ip -n lab-control link del "$node" 2> /dev/null || true
  namespace "lab-$node"
  ip link add eth0 netns "lab-$node" type veth peer name "$node" netns lab-control
  ip -n lab-control link set "$node" master bridge up
  ip -n "lab-$node" addr add "$net.1$i/24" dev eth0
  ip -n "lab-$node" link set eth0 up
  ip -n "lab-$node" route add default via "$net.254"
  nsenter --net="/run/netns/lab-$node" sysctl -qw net.ipv4.ip_forward=1
  for other in "${nodes[@]}"; do
    [[ $other == "$node" ]] || ip -n "lab-$node" route replace "$pods.${other#node}.0/24" via "$net.1${other#node}"
  done
  ip -n lab-control route replace "$pods.$i.0/24" via "$net.1$i"
  ip route replace "$pods.$i.0/24" via "$net.1$i"
}

# This machine reaches services through the first node that runs.
route_services() {
  local node
  for node in "${nodes[@]}"; do
    alive "$node/kube-proxy" || continue
    ip route replace "$services" via "$net.1${node#node}"
    return
  done
}

remove_network() {
  local name
  ip link del lab0 2> /dev/null || true
  for name in control "${nodes[@]}"; do remove_namespace "lab-$name"; done
}
