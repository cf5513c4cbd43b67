#!/usr/bin/env bash
# Brings the lab up: leaves running parts alone, and starts missing ones. Makes a lab anew that was killed, or that other
# programs made.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
source "$here/build.sh"
source "$here/network.sh"
source "$here/control.sh"
[[ $(uname -s) == Linux && $EUID == 0 ]] || fail "The lab is made of Linux processes with namespaces of their own: it needs Linux and root, not $(uname -s) and $(id -un)."
lock_lab
begin=$SECONDS
programs
id="$built$(cd "$here" && cat -- *.sh *.yaml | sha256)"

# The API server must be this cluster's: its files may be there without it.
lives() { alive etcd && alive kube-apiserver && [[ -f $run/id && $(< "$run/id") == "$id" ]]; }
if ! lives; then
  [[ ! -d $run ]] || say "removing the cluster that was here: $(alive kube-apiserver && echo "it was made by other programs" || echo "it does not run")"
  "$here/down.sh" --quiet
  mkdir -p "$run" "$logs" "$run/volumes"
  echo "$id" > "$run/id"
fi

mkdir -p "$run/cni-bin"
ln -sf /usr/lib/cni/{loopback,ptp,host-local} "$bin/netpol-cni" "$run/cni-bin/"
control_network
certificates
alive kube-apiserver || say "starting the control plane"
control_plane
booting=()
for node in "${nodes[@]}"; do
  for part in containerd kube-proxy netpol kubelet; do
    alive "$node/$part" && continue
    say "booting $node"
    "$here/node.sh" start "$node" &
    booting+=($!)
    break
  done
done
[[ -f $run/ready ]] || sed "s|@PROGRAMS@|$(dirname "$(readlink -f "$bin/kubeall")")|" "$here/cluster.yaml" | kubectl apply --filename - > "$logs/apply.log"
for pid in ${booting[@]+"${booting[@]}"}; do wait "$pid"; done
route_services
all_ready() { [[ $(kubectl get nodes --no-headers | grep -cw Ready) == "${#nodes[@]}" ]]; }
names_work() { [[ $(kubectl --namespace kube-system get daemonset coredns --output 'jsonpath={.status.numberReady}') == "${#nodes[@]}" ]]; }
await kube-apiserver "nodes to be ready" 120 all_ready
await kube-apiserver "names to be served" 120 names_work
touch "$run/ready"
say "$kubernetes on ${nodes[*]} is up after $((SECONDS - begin)) s: export KUBECONFIG=$lab/kubeconfig"
