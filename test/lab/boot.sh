# boot.sh NODE: boots a node within network and mount namespaces of its own.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
source "$here/mounts.sh"
node=$1 i=${1#node} own=$run/$1 store=$lab/store/$1 socket=$run/$1/containerd.sock
ctr() { command ctr --address "$socket" --namespace k8s.io "$@"; }

own_mounts
place "$own/kubelet" /var/lib/kubelet
place "$own/log-pods" /var/log/pods
place "$own/log-containers" /var/log/containers
place "$own/cni" /etc/cni/net.d
place "$own/cni-state" /var/lib/cni
mkdir -p /run/netns
mount -t tmpfs -o mode=755 tmpfs /run/netns
# Removes files that a real machine keeps in memory, and loses with its power.
rm -rf "$own/containerd-state" "$socket"

if [[ -f /sys/fs/cgroup/cgroup.controllers ]]; then
  for directory in /sys/fs/cgroup "$tree" "$tree/$node" "$tree/$node/pods"; do
    mkdir -p "$directory"
    [[ $directory == */pods ]] || sed 's/[a-z]*/+&/g' /sys/fs/cgroup/cgroup.controllers > "$directory/cgroup.subtree_control"
  done
else
  for hierarchy in /sys/fs/cgroup/*/; do
    mkdir -p "${hierarchy}airflow-lab/$node/pods"
    # Without a weight, all pods together would get as much CPU as one busy process of the machine.
    [[ $hierarchy != */cpu/ ]] || echo 2048 > "${hierarchy}airflow-lab/cpu.shares"
    # A new cpuset is empty and takes no process.
    [[ $hierarchy != */cpuset/ ]] || for directory in "" "/$node" "/$node/pods"; do
      cat "${hierarchy}cpuset.cpus" > "${hierarchy}airflow-lab$directory/cpuset.cpus"
      cat "${hierarchy}cpuset.mems" > "${hierarchy}airflow-lab$directory/cpuset.mems"
    done
  done
fi

# The second plugin waits until a policy holds: between nodes on one machine the pod's first packet is early.
cat > "$own/cni/10-pods.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {"type": "ptp", "ipMasq": false, "ipam": {"type": "host-local", "dataDir": "/var/lib/cni/ipam",
    "ranges": [[{"subnet": "$pods.$i.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "netpol-cni", "socket": "$own/netpol.sock"}]}
JSON
hosts=$own/certs.d/127.0.0.1:$registry_port
mkdir -p "$hosts"
# Docker pushes to this name; on a node it leads over the bridge.
cat > "$hosts/hosts.toml" <<TOML
server = "http://$net.254:$registry_port"
[host."http://$net.254:$registry_port"]
  capabilities = ["pull", "resolve"]
TOML
# Without CAP_SYS_RESOURCE no score can go below containerd's own, and every sandbox would fail.
cat > "$own/containerd.toml" <<TOML
version = 2
root = "$store"
state = "$own/containerd-state"
[grpc]
  address = "$socket"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$tool_image"
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "$own/certs.d"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$run/cni-bin"
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
TOML
echo "nameserver 127.0.0.1" > "$own/resolv.conf"
cat > "$own/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: $lab/pki/ca.crt } }
authorization: { mode: Webhook }
cgroupDriver: cgroupfs
cgroupRoot: /airflow-lab/$node/pods
containerRuntimeEndpoint: unix://$socket
clusterDNS: ["$dns"]
clusterDomain: cluster.local
resolvConf: $own/resolv.conf
failSwapOn: false
failCgroupV1: false
# The disk is the machine's, so a full one must not make kubelet remove loaded images.
evictionHard: { memory.available: 100Mi, nodefs.available: 1Mi, imagefs.available: 1Mi, nodefs.inodesFree: "0%", imagefs.inodesFree: "0%" }
imageGCHighThresholdPercent: 100
serializeImagePulls: false
nodeLeaseDurationSeconds: 12
nodeStatusUpdateFrequency: 5s
syncFrequency: 20s
volumeStatsAggPeriod: -1s
YAML
cat > "$own/proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: { kubeconfig: $lab/credentials/proxy.conf }
hostnameOverride: $node
mode: nftables
clusterCIDR: $pods.0.0/16
conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s }
metricsBindAddress: 127.0.0.1:10249
YAML

containerd() {
  start "$node/containerd" "$(type -P containerd)" --config "$own/containerd.toml"
  await "$node/containerd" "containerd of $node" 60 ctr version
}
containerd
# Removes containers of an earlier cluster, which containerd only forgets when it starts.
if [[ ! -f $own/booted && -n $(ctr containers ls --quiet) ]]; then
  ctr containers ls --quiet | xargs "$(type -P ctr)" --address "$socket" --namespace k8s.io containers rm
  kill_tree "$node/containerd"
  containerd
fi
[[ -n $(ctr images ls --quiet "name==$tool_image") ]] || ctr images import "$lab/busybox.tar" > /dev/null
start "$node/kube-proxy" "$bin/kube-proxy" --config "$own/proxy.yaml"
start "$node/netpol" "$bin/netpol" -kubeconfig "$lab/kubeconfig" -node "$node" -socket "$own/netpol.sock"
start "$node/kubelet" "$bin/kubelet" --config "$own/kubelet.yaml" --kubeconfig "$lab/credentials/$node.conf" \
  --hostname-override="$node" --node-ip="$net.1$i"
touch "$own/booted"
