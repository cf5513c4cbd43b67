#!/usr/bin/env bash
# Makes sure that Chromium is installed, for the tests that look at the pages; as root on Debian it is installed when it
# is missing.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../../offline/quietly.sh"

fail() { printf '%s\n' "$@" >&2; exit 1; }
has() { command -v "$1" > /dev/null; }

has chromium && exit
# Installs a font, since letters would be boxes without one.
packages=(chromium fonts-liberation)
((EUID == 0)) && has apt-get || fail "There is no Chromium on this machine." \
  "Install it so that 'chromium' is on PATH; on Debian: sudo apt-get install ${packages[*]}"
export DEBIAN_FRONTEND=noninteractive
quietly "Package lists" apt_get update || fail "apt-get update failed, see above."
# Ubuntu has Chromium only as a snap, which a package of the same name would send for.
apt-cache show chromium > /dev/null 2>&1 || fail "This system's package sources have no Chromium." \
  "Install it so that 'chromium' is on PATH; on Ubuntu: snap install chromium"
quietly "Installing ${packages[*]}" apt_get install -y --no-install-recommends "${packages[@]}" ||
  fail "Installing Chromium failed, see above." "Install it by hand: apt-get install ${packages[*]}"
