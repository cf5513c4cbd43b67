# Makes keys and certificates of the machines and of their client, once. To be sourced.

new_key() { [[ -f $1 ]] || ssh-keygen -q -t ed25519 -N '' -C "$2" -f "$1"; } # FILE COMMENT

# Replaces files at once: tests of another run may be reading them.
replace() { # FILE
  cat > "$1.new"
  mv "$1.new" "$1"
}

ssh_keys() {
  local name etc
  mkdir -p "$client"
  new_key "$client/id_ed25519" lab
  for name in "${nodes[@]}"; do
    etc=$lab/$name/etc/ssh
    mkdir -p "$etc"
    new_key "$etc/ssh_host_ed25519_key" "$name"
    cp "$client/id_ed25519.pub" "$etc/authorized_keys"
    echo "$(address "$name") $(< "$etc/ssh_host_ed25519_key.pub")"
  done | replace "$client/known_hosts"
  replace "$ssh_settings" <<SSH
Host $net.*
  IdentityFile "$client/id_ed25519"
  IdentitiesOnly yes
  # The default is safe from quantum computers, and takes 0.12 s of CPU time for each connection.
  KexAlgorithms curve25519-sha256
  UserKnownHostsFile "$client/known_hosts"
SSH
}

ssl() { openssl "$@" 2>> "$lab/openssl.log" || fail "$(tail -5 "$lab/openssl.log")" "openssl $1 failed, see above."; }

issue() { # DIRECTORY SUBJECT EXTENSION...
  ssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -keyout "$1/key.pem" |
    ssl x509 -req -CA "$client/ca.pem" -CAkey "$lab/ca-key.pem" -CAcreateserial -days 365 \
      -extfile <(printf '%s\n' "${@:3}") -out "$1/cert.pem"
}

# Makes certificates for the machine that is reached over TLS; they hold for a year.
certificates() {
  local etc=$lab/three/etc/docker
  (($(find "$client/cert.pem" "$etc/cert.pem" -mtime -180 2> /dev/null | wc -l) < 2)) || return 0
  mkdir -p "$client" "$etc"
  ssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=lab \
    -keyout "$lab/ca-key.pem" -out "$client/ca.pem"
  issue "$etc" three "subjectAltName = IP:$(address three)" "extendedKeyUsage = serverAuth"
  issue "$client" lab "extendedKeyUsage = clientAuth"
  cp "$client/ca.pem" "$etc/"
}
