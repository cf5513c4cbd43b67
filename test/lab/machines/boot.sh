# boot.sh NAME: what a machine does at its start, as process 1 of namespaces of its own.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
source "$here/../mounts.sh"
own=$lab/$1
cd /

own_mounts
hostname "$1"
place "$own/etc/docker" /etc/docker
place "$own/etc/ssh" /etc/ssh
place "$own/docker" /var/lib/docker
place "$run/$1" /run
# Another machine would not have this one's files either.
mount -t tmpfs tmpfs "$project"
mount -t tmpfs -o mode=1777 tmpfs /tmp
# The file may be a link to one that is gone now.
names=$(readlink -m /etc/resolv.conf)
[[ -f $names ]] || { mkdir -p "$(dirname "$names")"; touch "$names"; }
mount --bind /run/resolv.conf "$names"
mkdir /run/sshd
# Docker turns it on, and forbids then what it does not allow itself.
sysctl -qw net.ipv4.ip_forward=0

# What ends is started again, as systemd would.
keep() {
  while true; do
    "$@" || true
    sleep 2
  done
}
keep dockerd &
# Names of the world do not exist; with no answer Docker's own name server would keep who asks waiting for 10 s.
keep dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --address=/#/ \
  --listen-address="$(address "$1")" --bind-interfaces --user=root &
keep "$(type -P sshd)" -D -e &
wait
