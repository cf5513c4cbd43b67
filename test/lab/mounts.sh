# Mounts of a node within a mount namespace of its own. To be sourced.

own_mounts() {
  # Lets go of Docker's containers and of namespaces, which this copy of the machine's mounts would keep busy. A container
  # that ends meanwhile takes its mounts along.
  awk '$5 ~ "^/(var/lib|run|var/run)/docker/" || $5 ~ "^/run/netns" {print $5}' /proc/self/mountinfo | tac |
    while read -r mount; do umount --lazy "$mount" || ! mountpoint --quiet "$mount"; done
  mount --make-rshared /
}

place() { # DIRECTORY WHERE
  mkdir -p "$1" "$2"
  mount --bind "$1" "$2"
}
