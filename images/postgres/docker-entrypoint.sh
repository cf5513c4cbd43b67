#!/bin/bash
# usage: docker-entrypoint.sh postgres [ARGUMENT...]
# Creates a database cluster in an empty PGDATA, then runs the server.
# Creates the cluster in $PGDATA/.new, and moves a complete cluster to $PGDATA, PG_VERSION last. After an interruption the next start
# finds no PG_VERSION, removes the incomplete cluster and creates another.
set -euo pipefail
shopt -s nullglob dotglob

fail() { printf 'postgres: %s\n' "$@" >&2; exit 1; }

check_directory() {
  mkdir -p "$PGDATA" || fail "user $(id -u) cannot create $PGDATA; expected a volume that this user may write to."
  local entries=("$PGDATA"/*)
  [[ -e $new || ${#entries[@]} -eq 0 || "${entries[*]}" == "$PGDATA/lost+found" ]] || fail \
    "$PGDATA holds files but no database (no PG_VERSION): $(printf '%s ' "${entries[@]##*/}")" \
    "Mount an empty volume, or set PGDATA to a subdirectory of $PGDATA."
}

create_cluster() {
  rm -rf "${new:?}"
  find "$PGDATA" -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} +
  mkdir "$new"
  # Skips the sync: move_up syncs all files once.
  initdb --no-sync --pgdata="$new" --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --encoding=UTF8 --locale=C.UTF-8 --data-checksums --no-instructions \
    --auth-local=scram-sha-256 --auth-host=scram-sha-256 ${POSTGRES_INITDB_ARGS:-}
  echo 'host all all all scram-sha-256' >> "$new/pg_hba.conf"
}

# Runs the scripts on a server without passwords, whose socket only this user can open.
run_init_scripts() {
  local socket_dir script
  socket_dir=$(mktemp -d)
  echo 'local all all trust' > "$socket_dir/hba.conf"
  export PGHOST=$socket_dir PGUSER=$POSTGRES_USER PGDATABASE=postgres PSQLRC=/dev/null
  pg_ctl --pgdata="$new" --wait --silent start \
    -o "-c listen_addresses='' -c unix_socket_directories='$socket_dir' -c unix_socket_permissions=0700 -c hba_file='$socket_dir/hba.conf'"
  [[ $POSTGRES_DB == postgres ]] || createdb -- "$POSTGRES_DB"
  PGDATABASE=$POSTGRES_DB
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sh) echo "postgres: running $script"; bash "$script" ;;
      *.sql) echo "postgres: running $script"; psql --no-password --set=ON_ERROR_STOP=1 --quiet --file="$script" ;;
    esac
  done
  pg_ctl --pgdata="$new" --mode=fast --wait --silent stop
  rm -r "$socket_dir"
}

move_up() {
  local entry
  for entry in "$new"/*; do
    [[ ${entry##*/} == PG_VERSION ]] || mv "$entry" "$PGDATA/"
  done
  chmod 700 "$PGDATA"
  sync -f "$PGDATA"
  mv "$new/PG_VERSION" "$PGDATA/"
  rmdir "$new"
}

initialise() (
  new=$PGDATA/.new
  POSTGRES_USER=${POSTGRES_USER:-postgres}
  POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}
  [[ -s ${POSTGRES_PASSWORD_FILE:-} ]] || fail "POSTGRES_PASSWORD_FILE is '${POSTGRES_PASSWORD_FILE:-}'; expected a file with the password of $POSTGRES_USER, which is not empty." \
    "POSTGRES_PASSWORD is not supported: docker inspect would show the password."
  [[ -r $POSTGRES_PASSWORD_FILE ]] || fail "user $(id -u) may not read POSTGRES_PASSWORD_FILE ($POSTGRES_PASSWORD_FILE); expected a file that this user may read."
  check_directory
  create_cluster
  run_init_scripts
  move_up
  echo "postgres: created a database cluster in $PGDATA in $SECONDS s"
)

# Ends the script on these signals, which a shell without a trap ignores as process 1.
trap 'exit 143' TERM INT

if [[ ${1:-} == postgres && ! -e $PGDATA/PG_VERSION ]]; then initialise; fi
exec "$@"
