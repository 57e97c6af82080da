#!/bin/sh
# SPDX-License-Identifier: MIT
# The job files of examples/jobs: syntax, and that their covey commands parse. Usage: jobs.sh ROOT BUILD
set -eu
root=$1 build=$2 bad=0
wrong() {
    echo "wrong: $*" >&2
    bad=1
}
bash -n "$root/examples/jobs/covey.slurm" || wrong "covey.slurm is no shell script"
grep -q '^#SBATCH --nodes=[0-9]' "$root/examples/jobs/covey.slurm" || wrong "covey.slurm asks for no nodes"
if command -v sbatch >/dev/null; then
    sbatch --test-only "$root/examples/jobs/covey.slurm" /p /o || wrong "sbatch refuses covey.slurm"
fi
# The commands as Slurm's shell would run them, but that photos and features are not there.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin"
cat >"$folder/bin/mpirun" <<END
#!/bin/sh
shift # covey
"$build/covey" "\$@" 2>>$folder/said || echo "exit \$?" >>$folder/said
END
chmod +x "$folder/bin/mpirun"
PATH=$folder/bin:$PATH bash "$root/examples/jobs/covey.slurm" /none/photos "$folder/out"
[ "$(grep -c 'exit 1' "$folder/said")" = 2 ] || wrong "a command of covey.slurm is misuse: $(cat "$folder/said")"
python3 - "$root/examples/jobs/covey-mpijob.yaml" <<'PYTHON' || wrong "covey-mpijob.yaml"
import sys
try:
    import yaml
except ImportError:
    sys.exit(print("python3-yaml is not there: the MPIJob is not checked") or 0)
job = yaml.safe_load(open(sys.argv[1]))
assert job["apiVersion"] == "kubeflow.org/v2beta1" and job["kind"] == "MPIJob"
roles = job["spec"]["mpiReplicaSpecs"]
assert set(roles) == {"Launcher", "Worker"} and roles["Launcher"]["replicas"] == 1
for role in roles.values():
    pod = role["template"]["spec"]
    volumes = {v["name"] for v in pod["volumes"]}
    for container in pod["containers"]:
        assert container["image"] and {m["name"] for m in container["volumeMounts"]} <= volumes
args = roles["Launcher"]["template"]["spec"]["containers"][0]["args"]
assert int(args[args.index("-n") + 1]) == job["spec"]["slotsPerWorker"] * roles["Worker"]["replicas"]
PYTHON
exit $bad
