# The lab's programs: Debian packages, and from Go modules Kubernetes in one program (about 10 minutes of CPU, once), the
# image registry and the network plugin. To be sourced.
source "$here/packages.sh"
source "$project/offline/go-build.sh"

build_kubeall() {
  local component=k8s.io/component-base/version
  (cd "$here/kubeall" && go_build "Kubernetes" "$1/kubeall" . -tags grpcnotrace -ldflags "-s -w \
-X $component.gitVersion=$kubernetes -X $component.gitMajor=1 -X $component.gitMinor=34 -X $component.gitTreeState=clean \
-X $component.gitCommit=0000000000000000000000000000000000000000 -X $component.buildDate=2026-01-01T00:00:00Z")
}
build_registry() { (cd "$here/registry" && go_build "the image registry" "$1/registry" . -ldflags "-s -w"); }
build_cni() { (cd "$here/cni" && go_build "the network plugin" "$1/netpol-cni" . -ldflags "-s -w"); }

# Makes an image of one layer with busybox alone, in the form of `docker save`: the lab needs no engine.
tool_image() { # FILE
  local work layer config
  work=$(mktemp -d)
  mkdir -p "$work/root/bin" "$work/root/tmp"
  chmod 1777 "$work/root/tmp"
  cp "$(type -P busybox)" "$work/root/bin/busybox"
  chroot "$work/root" /bin/busybox --install -s /bin
  pack() { tar --create --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --directory "$1" --file "$2" .; }
  pack "$work/root" "$work/layer.tar"
  layer=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
  mkdir "$work/image"
  mv "$work/layer.tar" "$work/image/"
  printf '{"architecture":"%s","os":"linux","created":"2026-01-01T00:00:00Z","config":{"Env":["PATH=/bin"],"Cmd":["sleep","2147483647"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$(dpkg --print-architecture)" "$layer" > "$work/config.json"
  config=$(sha256sum "$work/config.json" | cut -d' ' -f1)
  mv "$work/config.json" "$work/image/$config.json"
  printf '[{"Config":"%s.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' "$config" "$tool_image" > "$work/image/manifest.json"
  (cd "$work/image" && tar --create --file "$1.new" -- *)
  mv "$1.new" "$1"
  rm -r "$work"
}

# Builds the missing programs and points $bin to all of them; $built names them by content.
programs() {
  local name directory
  packages containerd:containerd runc:runc nft:nftables ip:iproute2 busybox:busybox-static iptables:iptables \
    /usr/lib/cni/ptp:containernetworking-plugins
  built=
  mkdir -p "$bin"
  for name in kubeall registry cni; do
    directory=$cache/lab-$name-$(go_hash "$here/$name")
    if [[ ! -d $directory ]]; then
      has go || fail "The lab is built from Go modules, and there is no Go." "Install Go 1.26 or newer: https://go.dev/dl"
      lock
      [[ -d $directory ]] || into "$directory" "build_$name"
      unlock
    fi
    ln -sf "$directory"/* "$bin/"
    built+="${directory##*-} "
  done
  for name in etcd coredns kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubeadm kubectl netpol provisioner; do
    [[ -L $bin/$name ]] || ln -s kubeall "$bin/$name"
  done
  [[ -f $lab/busybox.tar ]] || tool_image "$lab/busybox.tar"
}
