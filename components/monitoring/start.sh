#!/bin/bash
# usage: start.sh USER RETENTION URL PATH SIZE
# Runs Prometheus, and Alertmanager if the stack sends alerts. When either ends, the script ends both, and the platform restarts
# the container.
set -eu
folder=$(dirname "$0")
alerts=/run/secrets/alertmanager.json
umask 077
password=$(< /run/secrets/admin_password)
# Gives Prometheus a hash of the password, and curl of the health check the password itself.
echo "{basic_auth_users: {'$1': '$(htpasswd -niBC 8 "$1" <<< "$password" | cut -d: -f2-)'}}" > /dev/shm/web.yml
printf 'user = "%s:%s"\n' "$1" "$(sed 's/[\\"]/\\&/g' <<< "$password")" > /dev/shm/login
unset password

# Passes SIGTERM on, and waits until Prometheus has written its data in memory to the disk.
trap 'kill $(jobs -p); wait' TERM

if [[ -f $alerts ]]; then
  # Removes URLs from the log: Alertmanager logs the URL of a webhook that fails, which may be secret.
  prometheus-alertmanager --config.file="$alerts" --storage.path=/series/alertmanager \
    --web.listen-address=127.0.0.1:9093 --cluster.listen-address= --log.level=warn \
    2> >(sed -u 's|https\?://[^ "\\]*|(a URL)|g' >&2) &
fi
# Collects garbage early, which costs little CPU time for a stack's few series.
GOGC=40 prometheus --config.file="$folder/prometheus.json" --web.config.file=/dev/shm/web.yml \
  --storage.tsdb.path=/series --storage.tsdb.retention.time="$2" --storage.tsdb.retention.size="$5" --web.external-url="$3" --web.route-prefix="$4" \
  --web.console.templates="$folder/consoles" --web.console.libraries="$folder/consoles" --log.level=warn &

set +e
wait -n
kill $(jobs -p)
wait
exit 1
