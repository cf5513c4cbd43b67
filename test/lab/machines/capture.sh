#!/usr/bin/env bash
# capture.sh FILE: writes everything that crosses the bridge to FILE, in pcap format, until it is interrupted.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
mkdir -p "$tree/capture"
echo $$ > "$tree/capture/cgroup.procs"
# Packets that still wait in the kernel's buffer when tcpdump ends would be missing.
exec nsenter --net="/run/netns/$switch" tcpdump -i bridge --immediate-mode --packet-buffered --buffer-size=65536 -Z root -w "$1"
