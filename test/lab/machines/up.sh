#!/usr/bin/env bash
# Brings three machines with Docker up: leaves running ones alone, starts missing ones, heals cut ones, and makes machines
# anew that other scripts made.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
source "$here/../network.sh"
source "$here/../packages.sh"
source "$here/keys.sh"
say() { echo "machines: $*"; }
[[ $(uname -s) == Linux && $EUID == 0 ]] || fail "The machines are made of Linux processes with namespaces of their own: they need Linux and root, not $(uname -s) and $(id -un)."
umask 022
lock_lab
begin=$SECONDS

programs=(sshd:openssh-server ssh:openssh-client openssl:openssl dnsmasq:dnsmasq-base tcpdump:tcpdump nft:nftables ip:iproute2)
has dockerd || "$project/tools/lib/setup/engine.sh"
has dockerd || fail "The machines run this machine's dockerd, and there is none." "Install it: https://docs.docker.com/engine/install"
if ! has sshd; then
  # Keeps this machine from serving ssh because of the lab.
  policy=/usr/sbin/policy-rc.d
  [[ -e $policy ]] || { printf '#!/bin/sh\nexit 101\n' > "$policy"; chmod +x "$policy"; trap 'rm -f "$policy"' EXIT; }
  (packages "${programs[@]}")
  [[ ! -d /run/systemd/system ]] || systemctl disable --quiet ssh.service ssh.socket || true
fi
packages "${programs[@]}"

certificates
id=$(cat "$here"/*.sh "$here"/../{settings,network,mounts}.sh "$client/ca.pem" | sha256)
if [[ -d $run && ! ( -f $run/id && $(< "$run/id") == "$id" ) ]]; then
  say "removing the machines that were here: they were made by other scripts"
  "$here/down.sh" --quiet
fi
ssh_keys
mkdir -p "$logs"
echo "$id" > "$run/id"

switch_network
# Without a weight, all containers together would get as much CPU as one busy process of this machine.
if [[ -d /sys/fs/cgroup/cpu ]]; then
  mkdir -p "/sys/fs/cgroup/cpu/${tree##*/}"
  echo 2048 > "/sys/fs/cgroup/cpu/${tree##*/}/cpu.shares"
fi
booting=()
for name in "${nodes[@]}"; do
  "$here/machine.sh" heal "$name"
  alive "$name/system" && ip -n "$switch" link show "$name" > /dev/null 2>&1 && continue
  say "booting $name"
  "$here/machine.sh" start "$name" &
  booting+=($!)
done
for pid in ${booting[@]+"${booting[@]}"}; do wait "$pid"; done
for name in "${nodes[@]}"; do await "$name/system" "machine $name to answer" 60 answers "$name"; done
say "${nodes[*]} are up after $((SECONDS - begin)) s: docker -H ssh://root@$(address one), docker -H ssh://root@$(address two);" \
  "DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=$client docker -H tcp://$(address three):2376"
