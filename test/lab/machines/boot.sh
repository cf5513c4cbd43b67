# boot.sh NAME: boots a machine, as process 1 of namespaces of its own.
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
# Hides this machine's files, which another machine would not have either.
mount -t tmpfs tmpfs "$project"
# A shell that sshd starts reads ~/.bashrc, at each of the many connections of the Docker client.
mount -t tmpfs -o mode=700 tmpfs ~root
mount -t tmpfs -o mode=1777 tmpfs /tmp
# The file may be a link to a missing one.
names=$(readlink -m /etc/resolv.conf)
[[ -f $names ]] || { mkdir -p "$(dirname "$names")"; touch "$names"; }
mount --bind /run/resolv.conf "$names"
mkdir /run/sshd
# Docker turns it on, and forbids then what it does not allow itself.
sysctl -qw net.ipv4.ip_forward=0

# Starts services again that end, as systemd would.
keep() {
  while true; do
    "$@" || true
    sleep 2
  done
}
keep dockerd &
# Answers that names of the world do not exist: without an answer Docker's name server would keep its clients waiting for 10 s.
keep dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --address=/#/ \
  --listen-address="$(address "$1")" --bind-interfaces --user=root &
keep "$(type -P sshd)" -D -e &
wait
