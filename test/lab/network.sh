# A lab's network: a bridge in a namespace, and a cable from it to this machine and to each node.
# The bridge is in a namespace because Docker filters what bridges of this one carry. To be sourced.

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

# The bridge, with this machine at it as .254.
switch_network() {
  namespace "$switch"
  if ! ip -n "$switch" link show bridge > /dev/null 2>&1; then
    ip -n "$switch" link add bridge type bridge
    ip -n "$switch" link set bridge up
  fi
  if ! ip link show "$uplink" > /dev/null 2>&1; then
    ip link add "$uplink" type veth peer name host netns "$switch"
    ip addr add "$net.254/24" dev "$uplink"
    ip link set "$uplink" up
    ip -n "$switch" link set host master bridge up
  fi
}

# A node gets a new namespace at every start, as a machine that boots would, but keeps its hardware address: others
# remember it.
plug() { # NODE ADDRESS
  local bytes
  remove_namespace "lab-$1"
  ip -n "$switch" link del "$1" 2> /dev/null || true
  namespace "lab-$1"
  IFS=. read -ra bytes <<< "$2"
  ip link add eth0 address "$(printf '02:00:%02x:%02x:%02x:%02x' "${bytes[@]}")" netns "lab-$1" type veth peer name "$1" netns "$switch"
  ip -n "$switch" link set "$1" master bridge up
  ip -n "lab-$1" addr add "$2/24" dev eth0
  ip -n "lab-$1" link set eth0 up
}

control_network() {
  switch_network
  ip -n "$switch" addr replace "$net.1/24" dev bridge
}

node_network() { # NODE
  local node=$1 i=${1#node} other
  plug "$node" "$net.1$i"
  ip -n "lab-$node" route add default via "$net.254"
  nsenter --net="/run/netns/lab-$node" sysctl -qw net.ipv4.ip_forward=1
  for other in "${nodes[@]}"; do
    [[ $other == "$node" ]] || ip -n "lab-$node" route replace "$pods.${other#node}.0/24" via "$net.1${other#node}"
  done
  ip -n "$switch" route replace "$pods.$i.0/24" via "$net.1$i"
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
  ip link del "$uplink" 2> /dev/null || true
  for name in "$switch" "${nodes[@]/#/lab-}"; do remove_namespace "$name"; done
}
