# Prints a setting of the installed Postgres per line, NAME|CONTEXT|TYPE|UNIT|MIN|MAX|VALUES, and then its libraries.
set -e
data=$(mktemp -d)
initdb --pgdata="$data" --no-sync >/dev/null 2>&1
cat >"$data/query" <<'QUERY'
COPY (SELECT concat_ws('|', name, context, vartype, coalesce(unit, ''), coalesce(min_val, ''), coalesce(max_val, ''),
 array_to_string(enumvals, ',')) FROM pg_settings ORDER BY name COLLATE "C") TO STDOUT;
QUERY
postgres --single -j -D "$data" -c log_min_messages=panic postgres <"$data/query" 2>/dev/null | sed -n 's/^\(backend> \)\?\([A-Za-z_]*|.*\)/\2/p'
for library in "$(pg_config --pkglibdir 2>/dev/null || echo /usr/lib/postgresql/*/lib)"/*.so; do
  basename "$library" .so
done
