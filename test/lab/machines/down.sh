#!/usr/bin/env bash
# Takes the machines down, with their containers and volumes; keys and images are kept.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
source "$here/../network.sh"
[[ ${1:-} == --quiet ]] || lock_lab
[[ ! -d $tree ]] || kill_tree ""
remove_network
rm -rf "$run" "$ssh_settings"
[[ ${1:-} == --quiet ]] || say "the machines are down; their images stay in $lab"
