#!/bin/bash
# `docker-entrypoint.sh postgres [ARGUMENT...]`: makes the database on an empty PGDATA, then becomes the server.
# The new cluster grows in $PGDATA/.new and moves up when it is complete, PG_VERSION last. After an interruption the next
# start finds no PG_VERSION, removes the rest and begins again.
set -euo pipefail
shopt -s nullglob dotglob

fail() { printf 'postgres: %s\n' "$@" >&2; exit 1; }

check_directory() {
  mkdir -p "$PGDATA" || fail "cannot create $PGDATA as user $(id -u)." "Mount a volume that this user may write to."
  local entries=("$PGDATA"/*)
  [[ -e $new || ${#entries[@]} -eq 0 || "${entries[*]}" == "$PGDATA/lost+found" ]] || fail \
    "$PGDATA holds files but no database (no PG_VERSION): $(printf '%s ' "${entries[@]##*/}")" \
    "Mount an empty volume, or set PGDATA to a subdirectory of this one."
}

make_cluster() {
  rm -rf "${new:?}"
  find "$PGDATA" -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} +
  mkdir "$new"
  # Leaves the sync to move_up, which does it once for all files.
  initdb --no-sync --pgdata="$new" --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --encoding=UTF8 --locale=C.UTF-8 --data-checksums --no-instructions \
    --auth-local=scram-sha-256 --auth-host=scram-sha-256 ${POSTGRES_INITDB_ARGS:-}
  echo 'host all all all scram-sha-256' >> "$new/pg_hba.conf"
}

# Starts a server that asks for no password, since only this script can reach it.
run_init_scripts() {
  local private script
  private=$(mktemp -d)
  echo 'local all all trust' > "$private/hba.conf"
  export PGHOST=$private PGUSER=$POSTGRES_USER PGDATABASE=postgres PSQLRC=/dev/null
  pg_ctl --pgdata="$new" --wait --silent start \
    -o "-c listen_addresses='' -c unix_socket_directories='$private' -c unix_socket_permissions=0700 -c hba_file='$private/hba.conf'"
  [[ $POSTGRES_DB == postgres ]] || createdb -- "$POSTGRES_DB"
  PGDATABASE=$POSTGRES_DB
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sh) echo "postgres: running $script"; bash "$script" ;;
      *.sql) echo "postgres: running $script"; psql --no-password --set=ON_ERROR_STOP=1 --quiet --file="$script" ;;
    esac
  done
  pg_ctl --pgdata="$new" --mode=fast --wait --silent stop
  rm -r "$private"
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
  [[ -s ${POSTGRES_PASSWORD_FILE:-} ]] || fail "POSTGRES_PASSWORD_FILE must name a readable file with the password of $POSTGRES_USER; it is '${POSTGRES_PASSWORD_FILE:-}'." \
    "A password in the environment would show in 'docker inspect', so there is no other way to give it."
  [[ -r $POSTGRES_PASSWORD_FILE ]] || fail "POSTGRES_PASSWORD_FILE ($POSTGRES_PASSWORD_FILE) may not be read by user $(id -u)." "Let that user read it."
  check_directory
  make_cluster
  run_init_scripts
  move_up
  echo "postgres: $PGDATA is initialised"
)

# As process 1 a shell without a trap ignores these signals.
trap 'exit 143' TERM INT

if [[ ${1:-} == postgres && ! -e $PGDATA/PG_VERSION ]]; then initialise; fi
exec "$@"
