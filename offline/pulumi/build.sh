#!/usr/bin/env bash
# build.sh DIRECTORY: the Pulumi CLI, its Node.js language host and the docker plugin, from Go modules, laid out so that
# DIRECTORY/bin goes on PATH and DIRECTORY is a PULUMI_HOME (a plugin found on PATH would warn at every run).
set -euo pipefail
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")"
source ../go-build.sh
version=github.com/pulumi/pulumi/sdk/v3/go/common/version.Version

cli=v3.215.0
go_build "the Pulumi CLI" "$out/bin/pulumi" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi -tags no_compose -ldflags "-s -w -X $version=$cli"
go_build "the docker plugin" "$out/plugins/resource-docker-v5.2.0/pulumi-resource-docker" ./cmd/pulumi-resource-docker -tags no_compose -ldflags "-s -w"
(cd language-nodejs && go_build "the Node.js language host" "$out/bin/language-host-nodejs" \
  github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs -ldflags "-s -w" \
  && go_build "its start" "$out/bin/pulumi-language-nodejs" . -ldflags "-s -w")
install -m 755 pulumi-resource-pulumi-nodejs "$out/bin/"
