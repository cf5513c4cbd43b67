# Prints a setting of the installed Redis per line, NAME|TYPE, as its own refusals of wrong values tell it.
# A word after the last line of a configuration without a fault keeps the server from starting.
set -e
refusal() { # NAME VALUE
  redis-server - --no-such-setting x 2>&1 <<EOL | awk -v name="$1" '/^>>> / { if ($2 == "'"'"'" name || $2 == "'"'"'" name "'"'"'") { getline; print } }'
$1 $2
EOL
}
cd "$(mktemp -d)"
redis-server --port 0 --unixsocket "$PWD/socket" --save '' --logfile log --daemonize yes >/dev/null 2>&1
until redis-cli -s socket ping >/dev/null 2>&1; do sleep 0.1; done
redis-cli -s socket config get '*' | awk 'NR % 2' | LC_ALL=C sort >names
redis-cli -s socket shutdown nosave
while read -r name; do
  said=$(refusal "$name" no-such-value)
  case $said in
  *yes*no*)
    for value in yes no; do
      [ -n "$(refusal "$name" $value)" ] || printf '%s ' "$value"
    done | sed "s/^/$name|flag|/; s/ $//"
    echo
    ;;
  *"one of the following: "*) echo "$name|enum|$(echo "${said##*: }" | sed 's/, /,/g')" ;;
  *integer* | *"between"*) echo "$name|integer|$(refusal "$name" -9000000000000000000 | sed 's/.*between \(.*\) and \(.*\) inclusive.*/\1|\2/')" ;;
  *octal*) echo "$name|octal" ;;
  *"memory value"*) echo "$name|memory|$(refusal "$name" 0 | sed 's/.*between \(.*\) and .*/\1/')" ;;
  *"memory or percent"*) echo "$name|memory or percent" ;;
  "") echo "$name|text" ;;
  *) echo "$name|other|$said" ;;
  esac
done <names
