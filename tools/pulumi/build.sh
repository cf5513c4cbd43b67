#!/usr/bin/env bash
# build.sh DIRECTORY: the Pulumi CLI, its Node.js language host and the docker plugin, from Go modules, laid out so that
# DIRECTORY/bin goes on PATH and DIRECTORY is a PULUMI_HOME (a plugin found on PATH would warn at every run).
set -euo pipefail
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")"
export GOFLAGS=-buildvcs=false CGO_ENABLED=0
version=github.com/pulumi/pulumi/sdk/v3/go/common/version.Version

# One line every ten seconds: `-v` names each package once it is compiled, and each module as it is fetched.
build() { # WHAT OUTPUT PACKAGE [FLAGS...]
  local what=$1 output=$2 package=$3 log begin=$SECONDS next=10 pid; shift 3
  log=$(mktemp)
  go build -v -trimpath "$@" -o "$output" "$package" 2> "$log" &
  pid=$!
  trap 'kill "$pid" 2>/dev/null || true' EXIT
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.5
    ((SECONDS - begin < next)) || {
      echo "building $what: $((SECONDS - begin)) s, $(grep -c downloading "$log") modules fetched, $(grep -vc : "$log") packages compiled"
      next=$((next + 10))
    }
  done
  trap - EXIT
  wait "$pid" || {
    grep -v -e '^go: downloading' "$log" | tail -20 >&2
    echo "Building $what from Go modules failed, see above. Run the same command again; what was built so far is kept." >&2
    rm "$log"; exit 1
  }
  rm "$log"
}

cli=v3.215.0
build "the Pulumi CLI" "$out/bin/pulumi" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi -tags no_compose -ldflags "-s -w -X $version=$cli"
build "the docker plugin" "$out/plugins/resource-docker-v5.2.0/pulumi-resource-docker" ./cmd/pulumi-resource-docker -tags no_compose -ldflags "-s -w"
(cd language-nodejs && build "the Node.js language host" "$out/bin/pulumi-language-nodejs" \
  github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs -ldflags "-s -w")
install -m 755 pulumi-resource-pulumi-nodejs "$out/bin/"
