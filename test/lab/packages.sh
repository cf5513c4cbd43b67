# Installs the programs of a lab that are missing. To be sourced.
source "$project/offline/quietly.sh"
source "$project/tools/lib/setup/cache.sh"
say() { echo "lab: $*"; }

packages() { # PROGRAM:PACKAGE...
  local wanted=() pair
  for pair in "$@"; do
    has "${pair%%:*}" || wanted+=("${pair#*:}")
  done
  ((${#wanted[@]})) || return 0
  has apt-get || fail "The lab needs ${wanted[*]}, which are installed with apt-get, and there is none." "Run it on Debian or Ubuntu."
  export DEBIAN_FRONTEND=noninteractive
  quietly "Package lists" apt_get update || fail "apt-get update failed, see above."
  quietly "Installing ${wanted[*]}" apt_get install -y --no-install-recommends "${wanted[@]}" ||
    fail "Installing the lab's packages failed, see above." "Install them by hand: apt-get install ${wanted[*]}"
  hash -r
}
