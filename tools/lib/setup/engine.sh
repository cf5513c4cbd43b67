#!/usr/bin/env bash
# Makes sure that a Docker engine answers. As root on Debian or Ubuntu it is installed and started when it is missing;
# an engine that the user chose (DOCKER_HOST, a docker context) is never replaced.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../../offline/quietly.sh"
log=/var/log/dockerd.log

fail() { printf '%s\n' "$@" >&2; exit 1; }
has() { command -v "$1" > /dev/null; }
answers() { docker version --format '{{.Server.Version}}' > /dev/null 2>&1; }
complaint() { docker version 2>&1 > /dev/null | tail -1; }

if has docker; then
  answers && exit
  [[ -z ${DOCKER_HOST:-} ]] || fail "The Docker engine at DOCKER_HOST=$DOCKER_HOST does not answer: $(complaint)" \
    "Start that engine, or unset DOCKER_HOST to use the one of this machine."
  context=$(docker context show 2> /dev/null || echo default)
  [[ $context == default ]] || fail "The Docker engine of context '$context' does not answer: $(complaint)" \
    "Start it, or choose another one with: docker context use NAME"
  [[ $(complaint) != *"permission denied"* ]] || fail "User $(id -un) may not talk to the Docker engine: $(complaint)" \
    "Add the user to the group with: sudo usermod -aG docker $(id -un)   and log in again."
fi

if ! has dockerd || ! has docker; then
  missing="Docker engine" packages=(docker.io iptables)
  # Newer releases have the client in a package of its own, so that an engine may be there without a client.
  ! has dockerd || missing="docker command, the client of the engine," packages=()
  ((EUID == 0)) && has apt-get || fail "There is no $missing on this machine." \
    "Install it: https://docs.docker.com/engine/install" \
    "On Debian and Ubuntu this script does it when it is run as root: sudo tools/lib/setup/engine.sh"
  export DEBIAN_FRONTEND=noninteractive
  quietly "Package lists" apt_get update || fail "apt-get update failed, see above."
  apt-cache show docker-cli > /dev/null 2>&1 && packages+=(docker-cli)
  ((${#packages[@]})) || fail "There is no $missing on this machine." "Install the one that came with the engine."
  quietly "Installing ${packages[*]}" apt_get install -y --no-install-recommends "${packages[@]}" ||
    fail "Installing Docker failed, see above." "Install it by hand: apt-get install ${packages[*]}"
  hash -r
  answers && exit
fi

((EUID == 0)) || fail "The Docker engine of this machine is not running." "Start it with: sudo systemctl start docker"
if [[ -d /run/systemd/system ]]; then
  systemctl start docker || fail "systemd could not start Docker." "See: journalctl -u docker"
else
  # Removes the file of a killed engine: its number may belong to another process.
  pid=$(cat /var/run/docker.pid 2> /dev/null || true)
  [[ -z $pid || $(cat "/proc/$pid/comm" 2> /dev/null) == dockerd ]] || rm -f /var/run/docker.pid
  setsid nohup dockerd >> "$log" 2>&1 < /dev/null &
fi
begin=$SECONDS next=5
until answers; do
  sleep 0.2
  ((SECONDS - begin < 60)) || {
    [[ ! -f $log ]] || tail -15 "$log" >&2
    fail "The Docker engine was started, but has not answered for 60 s." "See $log, or journalctl -u docker."
  }
  ((SECONDS - begin < next)) || { echo "waiting for the Docker engine to answer: $((SECONDS - begin)) s"; next=$((next + 5)); }
done
echo "Docker engine $(docker version --format '{{.Server.Version}}') started"
