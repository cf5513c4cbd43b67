#!/usr/bin/env bash
# node.sh start NODE: boots a node anew, as after a power cut. node.sh stop NODE: cuts its power.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
source "$here/network.sh"
action=${1:-} node=${2:-}
[[ " ${nodes[*]} " == *" $node "* && -n $node ]] || fail "There is no node '$node' in the lab; its nodes are: ${nodes[*]}"
[[ $action == start || $action == stop ]] || fail "usage: node.sh start|stop NODE, not '$action'"

kill_tree "$node"
if [[ $action == start ]]; then
  node_network "$node"
  nsenter --net="/run/netns/lab-$node" unshare --mount --propagation private bash "$here/boot.sh" "$node"
else
  remove_namespace "lab-$node"
fi
route_services
