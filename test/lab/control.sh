# The control plane: certificates, etcd, API server, controllers, and the registry. To be sourced.

# Certificates are kept, since making them takes as long as all the rest; they hold for a year.
certificates() {
  local config=$lab/kubeadm.yaml credentials=$lab/credentials node name
  [[ -z $(find "$lab/kubeconfig" -mtime -180 2> /dev/null) ]] || return 0
  say "making certificates"
  rm -rf "$lab/pki" "$credentials"
  mkdir -p "$credentials"
  cat > "$config" <<YAML
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: { advertiseAddress: $net.1, bindPort: 6443 }
nodeRegistration: { name: control, criSocket: "unix:///none" }
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: $kubernetes
certificatesDir: $lab/pki
networking: { serviceSubnet: $services, podSubnet: $pods.0.0/16, dnsDomain: cluster.local }
YAML
  kubeadm() { "$bin/kubeadm" "$@" --config "$config" 2>> "$lab/kubeadm.log" || fail "$(tail -5 "$lab/kubeadm.log")" "kubeadm $* failed, see above."; }
  kubeadm init phase certs all > /dev/null
  for name in admin super-admin controller-manager scheduler; do
    kubeadm init phase kubeconfig "$name" --kubeconfig-dir "$credentials" > /dev/null
  done
  for node in "${nodes[@]}"; do
    kubeadm kubeconfig user --client-name "system:node:$node" --org system:nodes > "$credentials/$node.conf"
  done
  kubeadm kubeconfig user --client-name system:kube-proxy > "$credentials/proxy.conf"
  install -m 600 "$credentials/super-admin.conf" "$lab/kubeconfig"
}

ready() { [[ $(kubectl get --raw /readyz 2> /dev/null) == ok ]]; }

control_plane() {
  local pki=$lab/pki credentials=$lab/credentials manager
  start registry "$bin/registry" "$lab/registry" "127.0.0.1:$registry_port" "$net.254:$registry_port"
  # etcd listens on the namespace's own loopback. Its data need not survive a power cut, after which the cluster is made anew.
  start etcd nsenter --net=/run/netns/lab-control "$bin/etcd" --data-dir "$run/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 --auto-compaction-retention=10m
  start kube-apiserver nsenter --net=/run/netns/lab-control "$bin/kube-apiserver" \
    --advertise-address="$net.1" --bind-address="$net.1" --secure-port=6443 \
    --etcd-servers=http://127.0.0.1:2379 --allow-privileged=true --authorization-mode=Node,RBAC \
    --enable-admission-plugins=NodeRestriction --client-ca-file="$pki/ca.crt" \
    --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
    --kubelet-client-certificate="$pki/apiserver-kubelet-client.crt" \
    --kubelet-client-key="$pki/apiserver-kubelet-client.key" --kubelet-preferred-address-types=InternalIP \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-account-key-file="$pki/sa.pub" --service-account-signing-key-file="$pki/sa.key" \
    --service-cluster-ip-range="$services"
  await kube-apiserver "the API server" 120 ready
  manager=$credentials/controller-manager.conf
  # A node counts as lost after 15 s instead of 50, for short tests.
  start kube-controller-manager nsenter --net=/run/netns/lab-control "$bin/kube-controller-manager" --kubeconfig="$manager" \
    --authentication-kubeconfig="$manager" --authorization-kubeconfig="$manager" --bind-address=127.0.0.1 \
    --leader-elect=false --use-service-account-credentials=true --client-ca-file="$pki/ca.crt" --root-ca-file="$pki/ca.crt" \
    --cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" \
    --service-account-private-key-file="$pki/sa.key" --service-cluster-ip-range="$services" \
    --node-monitor-period=2s --node-monitor-grace-period=15s
  start kube-scheduler nsenter --net=/run/netns/lab-control "$bin/kube-scheduler" --kubeconfig="$credentials/scheduler.conf" \
    --authentication-kubeconfig="$credentials/scheduler.conf" --authorization-kubeconfig="$credentials/scheduler.conf" \
    --bind-address=127.0.0.1 --leader-elect=false
  start provisioner "$bin/provisioner" -kubeconfig "$lab/kubeconfig" -directory "$run/volumes"
}
