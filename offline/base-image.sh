#!/usr/bin/env bash
# usage: base-image.sh [--refresh]
# Makes sure that the engine has the image debian:bookworm-slim: pulls the image if a registry answers, otherwise builds it from
# Debian's packages. Keeps a built image as a file for other engines; --refresh builds it again.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/quietly.sh"
source "$(dirname "${BASH_SOURCE[0]}")/../tools/lib/setup/cache.sh"
image=debian:bookworm-slim
authorities=/usr/local/share/ca-certificates

# macOS has no timeout.
within() { if has timeout; then timeout "$@"; else shift; "$@"; fi; } # SECONDS COMMAND...

[[ ${1:-} == --refresh ]] || { docker image inspect "$image" > /dev/null 2>&1 && exit; }
within 120 docker pull --quiet "$image" > /dev/null 2>&1 && { echo "$image pulled"; exit; }

# Includes the authorities in the file's name: where a proxy inspects TLS, the image must contain the proxy's authority.
tar=$cache/debian-bookworm-slim-$({ cat "${BASH_SOURCE[0]}"; cat "$authorities"/*.crt 2> /dev/null || true; } | sha256 | cut -c1-12).tar

if [[ ! -f $tar || ${1:-} == --refresh ]]; then
  if ! has mmdebstrap; then
    ((EUID == 0)) && has apt-get || fail "The engine has no image $image, no registry answers, and mmdebstrap is not installed." \
      "Load the image into the engine, or install mmdebstrap (Debian, Ubuntu), which builds it."
    export DEBIAN_FRONTEND=noninteractive
    quietly "Package lists" apt_get update || fail "apt-get update failed, see above."
    quietly "Installing mmdebstrap" apt_get install -y --no-install-recommends mmdebstrap || fail "Installing mmdebstrap failed, see above."
  fi
  mkdir -p "$cache"
  hook=$(mktemp)
  cat > "$hook" <<'HOOK'
#!/bin/sh
# Leaves out what the official image leaves out: package lists, services that start during installation, and the machine's identity.
set -e
cp /usr/local/share/ca-certificates/*.crt "$1/usr/local/share/ca-certificates/" 2> /dev/null || true
chroot "$1" update-ca-certificates
rm -rf "$1/var/cache/apt/archives" "$1/var/lib/apt/lists" "$1"/var/cache/apt/*.bin "$1/etc/resolv.conf" "$1/etc/hostname"
mkdir -p "$1/var/lib/apt/lists/partial"
: > "$1/etc/machine-id"
printf '#!/bin/sh\nexit 101\n' > "$1/usr/sbin/policy-rc.d"
chmod +x "$1/usr/sbin/policy-rc.d"
cat > "$1/etc/apt/apt.conf.d/docker-clean" <<'CONF'
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
APT::Install-Recommends "false";
CONF
HOOK
  chmod +x "$hook"
  quietly "Making $image from Debian packages, since no image registry answers" mmdebstrap --variant=minbase \
    --include=ca-certificates --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-include=/usr/share/locale/locale.alias' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --customize-hook="$hook" bookworm "$tar.new.tar" ||
    fail "mmdebstrap failed to build $image, see above." "mmdebstrap needs a Debian mirror: check that apt-get update works."
  rm "$hook"
  mv "$tar.new.tar" "$tar"
fi
{ touch "$tar"; } 2> /dev/null || true
docker import --change 'CMD ["bash"]' --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
  "$tar" "$image" > /dev/null
echo "$image imported"
