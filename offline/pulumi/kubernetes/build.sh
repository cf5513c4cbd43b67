#!/usr/bin/env bash
# build.sh DIRECTORY: the Kubernetes plugin, from Go modules.
set -euo pipefail
cd "$(dirname "$0")"
source ../../go-build.sh
go_build "the Kubernetes plugin" "$1/pulumi-resource-kubernetes" . -ldflags "-s -w"
