#!/bin/bash
# Runs a command with a Slurm of its own: one node, on this machine's loopback, gone when the command ends.
#
#     scale/slurm-one-node.sh sbatch --wait --array=0-9 scale/slurm.sbatch plan
#     N_CPUS=2 scale/slurm-one-node.sh bash                     # squeue, scancel, ... in a shell
#
# To try `slurm.sbatch`, and to test it. It needs Debian's packages slurm-wlm and munge, but neither their services nor
# root: the daemons run as you, with a key and logs in a temporary folder. Exit codes: the command's; 77 where Slurm is not
# installed; 70 where it does not start.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
for program in munged slurmctld slurmd sinfo; do
  command -v "$program" > /dev/null || { echo "skipped: $program is not installed (Debian: slurm-wlm, munge)" >&2; exit 77; }
done
: "${1:?give a command}"

n_cpus=${N_CPUS:-2}
[[ $n_cpus =~ ^[1-9][0-9]{0,2}$ ]] || { echo "N_CPUS=$n_cpus: expected a number of processors, 1 to 999" >&2; exit 2; }

dir=$(mktemp -d /tmp/slurm.XXXXXX)
pids=()
stop() {
  # The last that was started ends first: slurmd ends its jobs.
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
    kill "${pids[i]}" 2> /dev/null || true
    wait "${pids[i]}" 2> /dev/null || true
  done
  rm -rf "$dir"
}
trap stop EXIT
trap 'exit 143' TERM INT

# Two ports that nobody has.
read -r of_control of_node < <(python3 -c '
import socket
both = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(one.getsockname()[1] for one in both))')
name=$(hostname -s)
memory_mb=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
mkdir "$dir/state" "$dir/spool"
cat > "$dir/slurm.conf" << END
ClusterName=one
SlurmctldHost=$name(127.0.0.1)
SlurmctldPort=$of_control
SlurmdPort=$of_node
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
MpiDefault=none
KillWait=10
MinJobAge=300
NodeName=$name NodeAddr=127.0.0.1 CPUs=$n_cpus RealMemory=$memory_mb State=UNKNOWN
PartitionName=all Nodes=$name Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF=$dir/slurm.conf

dd if=/dev/urandom of="$dir/munge.key" bs=1024 count=1 status=none
chmod 400 "$dir/munge.key"
munged --foreground --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" --pid-file="$dir/munge.pid" \
  --log-file="$dir/munge.log" --seed-file="$dir/munge.seed" 2> "$dir/munge.err" &
pids+=($!)
until [[ -S $dir/munge.socket ]] || ! kill -0 "${pids[0]}" 2> /dev/null; do sleep 0.1; done
slurmctld -D -i > "$dir/slurmctld.out" 2>&1 &
pids+=($!)
slurmd -D > "$dir/slurmd.out" 2>&1 &
pids+=($!)

for ((i = 0; i < 300; i++)); do
  [[ $(timeout 5 sinfo --noheader --format=%T 2> /dev/null) == idle ]] && break
  sleep 0.1
done
if ((i == 300)); then
  echo "Slurm did not start:" >&2
  tail -n 20 "$dir"/*.log "$dir"/*.out "$dir"/*.err >&2
  exit 70
fi
"$@"
