# Functions for the cache below ~/.cache, which has the tools of all clones of the project. To be sourced.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/airflow-on-celery

say() { echo "setup: $*" >&2; }
fail() { printf '%s\n' "$@" >&2; exit 1; }
has() { command -v "$1" > /dev/null; }
sha256() { if has sha256sum; then sha256sum; else shasum -a 256; fi | cut -c1-16; }

# Hashes a folder of Go code and the platform: a built program is found without Go, too. `find` gets the further ARGUMENTS.
go_hash() { # DIRECTORY [ARGUMENT...]
  local directory=$1; shift
  { uname -sm; cd "$directory"; find . "$@" -type f -print | LC_ALL=C sort | xargs cat; } | sha256
}

# Notes that a command uses a tool. A cache that may only be read is not pruned either.
used() { { : > "$1/.used"; } 2> /dev/null || true; } # DIRECTORY

# Removes what no command has used for 60 days: tools of other versions, and files that Node.js has compiled.
prune() {
  local tool
  for tool in "$cache"/{node,pulumi}-*; do
    [[ ! -d $tool || -e $tool/.used ]] || used "$tool"
    [[ ! -d $tool || -z $(find "$tool/.used" -mtime +60) ]] || rm -rf "$tool"
  done
  # The base image as a file, which offline/base-image.sh touches, or an unfinished one.
  find "$cache" -maxdepth 1 -name 'debian-*.tar' -mtime +60 -delete
  [[ ! -d $cache/compile ]] || find "$cache/compile" -type f -mtime +60 -delete
}

# Fills a directory all at once: DIRECTORY is there only when `COMMAND... DIRECTORY.new` has succeeded.
into() { # DIRECTORY COMMAND...
  local directory=$1; shift
  rm -rf "$directory.new"
  mkdir -p "$directory.new"
  "$@" "$directory.new" || { rm -rf "$directory.new"; return 1; }
  rm -rf "$directory"
  mv "$directory.new" "$directory"
  prune
}

# Lets one of several runs make the tools while the others wait. Quick steps have a lock of their own.
lock() { # [NAME]
  mkdir -p "$cache"
  if has flock; then
    exec 8> "$cache/lock${1:+-$1}"
    flock --nonblock 8 || { say "waiting for another run, which is setting up"; flock 8; }
  fi
}
unlock() { exec 8>&-; }
