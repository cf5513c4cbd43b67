# usage: sh -c "$(cat inspect-machine.sh)" inspect PORT...
# Prints the free disk space in MiB for images and for data, the addresses of a machine, and the programs that listen on some ports, for
# preflight/facts.ts.
# A PORT has four hexadecimal digits, as in /proc/net/tcp.
# Runs in a container with the machine's network and processes, as root, with the capabilities DAC_READ_SEARCH and
# SYS_PTRACE, which are needed to find the owner of a socket.
# The root directory is on the disk of images, and the engine mounts /etc/hosts from its data directory.
df -Pm / /etc/hosts | awk 'NR > 1 { print "free", $4 }'
awk '/\|--/ { address = $2 } /\/32 host LOCAL/ { print "address", address }' /proc/net/fib_trie | sort -u
{
  cat /proc/net/tcp /proc/net/tcp6
  ls -ln /proc/[0-9]*/fd
} 2>/dev/null | awk -v ports=" $* " '
  $4 == "0A" {
    split($2, local, ":")
    if (!index(ports, " " local[2] " ")) next
    listening[$10] = 1
    print "listener", $10, local[1], local[2]
  }
  /^\/proc\// { split($0, path, "/") }
  $NF ~ /^socket:/ {
    inode = substr($NF, 9, length($NF) - 9)
    if (!(inode in listening)) next
    name = "?"
    getline name < ("/proc/" path[3] "/comm")
    print "owner", inode, path[3], name
  }
'
