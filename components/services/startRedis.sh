# usage: sh -c SCRIPT start DATA COMMAND [ARGUMENT...]
# Runs Redis, after a repair of its log in DATA: with zeros in what it wrote last, as a power loss may leave them, Redis does not start.
data=$1
shift
for manifest in "$data"/*/*.manifest; do
  redis-check-aof "$manifest" >/dev/null 2>&1
  # Status 1 means damage, or no manifest.
  [ $? -eq 1 ] && [ -f "$manifest" ] || continue
  echo "The log of Redis is damaged, as after a power loss. Its repair, without what follows the damage:"
  echo y | redis-check-aof --fix "$manifest" 2>&1 | tail -n 3
done
exec "$@"
