# Places, names and addresses of the machines; the rest is as for the Kubernetes lab. To be sourced.
source "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
here=$here/machines
lab=$cache/machines # kept: keys, and each machine's disk with its images
run=$lab/run        # what the machines have in memory
logs=$lab/run/logs
nodes=(one two three)
net=10.87.0         # .11, .12 and .13 the machines, .254 this one
containers=10.91    # Docker on machine N takes 10.91.N*16.0/20
switch="lab-bridge"
uplink="lab-machines"
scripts=machines
tree=${tree%/*}/airflow-machines
client=$lab/client  # what gets a client in
ssh_settings=/etc/ssh/ssh_config.d/airflow-lab.conf

say() { echo "machines: $*"; }

number() { # NAME
  local i
  for i in "${!nodes[@]}"; do [[ ${nodes[i]} != "$1" ]] || echo $((i + 1)); done
}
address() { echo "$net.1$(number "$1")"; } # NAME

# True if a machine's engine answers at its socket, which takes no key, and its sshd listens.
answers() { # NAME
  DOCKER_TLS_VERIFY='' docker --host "unix://$run/$1/docker.sock" version && : < "/dev/tcp/$(address "$1")/22"
}
