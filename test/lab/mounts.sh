# What a node mounts within a mount namespace of its own. To be sourced.

own_mounts() {
  # Containers of Docker that end, and namespaces, must not be held by this copy of the machine's mounts.
  awk '$5 ~ "^/(var/lib|run|var/run)/docker/" || $5 ~ "^/run/netns" {print $5}' /proc/self/mountinfo | tac | xargs -r umount --lazy
  mount --make-rshared /
}

place() { # DIRECTORY WHERE
  mkdir -p "$1" "$2"
  mount --bind "$1" "$2"
}
