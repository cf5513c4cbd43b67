#!/usr/bin/env bash
# Takes the lab down, with the cluster's workloads and volumes; programs, certificates and images are kept.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
source "$here/network.sh"
[[ ${1:-} == --quiet ]] || lock_lab
[[ ! -d $tree ]] || kill_tree ""
remove_network
rm -rf "$run"
[[ ${1:-} == --quiet ]] || say "the lab is down; what it was built from stays in $cache"
