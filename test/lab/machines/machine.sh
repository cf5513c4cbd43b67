#!/usr/bin/env bash
# machine.sh start NAME: boots a machine anew, as after a power cut. machine.sh stop NAME: cuts its power.
# machine.sh cut NAME: drops what other machines and it send to each other, silently; machine.sh heal NAME: ends that.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
source "$here/../network.sh"
action=${1:-} name=${2:-}
[[ " ${nodes[*]} " == *" $name "* && -n $name ]] || fail "There is no machine '$name' in the lab; there are: ${nodes[*]}"

stop() {
  kill_tree "$name"
  remove_namespace "lab-$name"
}

# Writes files that a real machine has in /etc.
configure() {
  local etc=$lab/$name/etc i tls=''
  i=$(number "$name")
  mkdir -p "$etc/docker"
  if [[ $name == three ]]; then
    tls=", \"tcp://$(address three):2376\"], \"tlsverify\": true, \"tlscacert\": \"/etc/docker/ca.pem\",
  \"tlscert\": \"/etc/docker/cert.pem\", \"tlskey\": \"/etc/docker/key.pem\""
  fi
  cat > "$etc/docker/daemon.json" <<JSON
{ "hosts": ["unix:///run/docker.sock"${tls:-]},
  "bip": "$containers.$((i * 16)).1/24",
  "default-address-pools": [{ "base": "$containers.$((i * 16)).0/20", "size": 24 }],
  "exec-opts": ["native.cgroupdriver=cgroupfs"],
  "cgroup-parent": "/${tree##*/}/$name/containers" }
JSON
  # The last two lines are Debian's; all else has its default. A login may have chosen another engine in its ~/.docker.
  cat > "$etc/ssh/sshd_config" <<SSHD
ListenAddress $(address "$name")
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /etc/ssh/authorized_keys
AuthenticationMethods publickey
SetEnv DOCKER_HOST=unix:///run/docker.sock
UsePAM yes
AcceptEnv LANG LC_*
SSHD
}

# Removes everything but images, which alone outlive `down.sh`.
forget() (
  export DOCKER_HOST=unix://$run/$name/docker.sock DOCKER_TLS_VERIFY=
  docker ps --all --quiet | xargs --no-run-if-empty docker rm --force
  docker volume ls --quiet | xargs --no-run-if-empty docker volume rm
  docker network prune --force
)

start_machine() {
  stop
  plug "$name" "$(address "$name")"
  configure
  rm -rf "${run:?}/$name"
  mkdir -p "$run/$name"
  echo "nameserver $(address "$name")" > "$run/$name/resolv.conf"
  start "$name/system" nsenter --net="/run/netns/lab-$name" \
    unshare --mount --propagation private --uts --ipc --pid --fork --mount-proc bash "$here/boot.sh" "$name"
  await "$name/system" "machine $name to answer" 60 answers "$name"
  if [[ ! -f $run/booted-$name ]]; then
    forget > /dev/null
    touch "$run/booted-$name"
  fi
}

# Addresses are still resolved, as where a firewall or a far router drops the packets.
cut_off() {
  nsenter --net="/run/netns/$switch" nft --file - <<NFT
table bridge cut-$name {
  chain forward {
    type filter hook forward priority 0
    iifname "$name" ether type != arp drop
    oifname "$name" ether type != arp drop
  }
}
NFT
}
heal() { nsenter --net="/run/netns/$switch" nft delete table bridge "cut-$name" 2> /dev/null || true; }

case $action in
  start) start_machine ;;
  stop | heal) "$action" ;;
  cut) cut_off ;;
  *) fail "usage: machine.sh start|stop|cut|heal NAME, not '$action'" ;;
esac
