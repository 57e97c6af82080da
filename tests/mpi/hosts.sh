#!/bin/sh
# SPDX-License-Identifier: MIT
# Three hosts made of network namespaces: addresses, names, shared memory, temporary and cache folders of
# their own, links of 100 Mbit/s. The bytes are those of one process. Usage: hosts.sh ROOT BUILD
set -eu
. "$1/tests/mpi/ranks.sh"
[ "$(id -u)" = 0 ] || skip "network namespaces are for root"
command -v ip >/dev/null && command -v tc >/dev/null || skip "ip and tc are not there (iproute2)"
[ -e /usr/bin/orted ] || skip "hosts are started as Open MPI does it"
name=cov$$
hosts="1 2 3"
clean() {
    for i in $hosts switch; do ip netns del "$name-$i" 2>/dev/null || true; done
    rm -rf "$folder"
}
trap clean EXIT
ip netns add "$name-switch" 2>/dev/null || skip "the kernel does not allow network namespaces"
ip -n "$name-switch" link add bridge type bridge 2>/dev/null || skip "the kernel has no bridges"
ip -n "$name-switch" link set bridge up
slow=1
for i in $hosts; do
    ip netns add "$name-$i"
    ip -n "$name-$i" link add eth0 type veth peer name port$i netns "$name-switch"
    ip -n "$name-$i" addr add 10.77.0.$i/24 dev eth0
    ip -n "$name-$i" link set lo up
    ip -n "$name-$i" link set eth0 up
    ip -n "$name-switch" link set port$i master bridge up
    ip netns exec "$name-$i" tc qdisc add dev eth0 root tbf rate 100mbit burst 64kb latency 50ms \
        2>/dev/null || slow=0
    mkdir -p "host$i/tmp" "host$i/cache"
done
[ $slow = 1 ] || echo "the kernel has no tbf: links are as fast as they are"

# enter HOST COMMAND...: on that host.
cat >enter <<END
#!/bin/sh
i=\$1
shift
export TMPDIR=$folder/host\$i/tmp XDG_CACHE_HOME=$folder/host\$i/cache
exec ip netns exec $name-\$i unshare -m -u sh -c 'hostname host'\$i' && mount -t tmpfs none /dev/shm &&
    exec "\$@"' sh "\$@"
END
# What mpirun takes for ssh: the address, then a command for a shell.
cat >agent <<END
#!/bin/sh
i=\${1##*.}
shift
exec $folder/enter \$i sh -c "\$*"
END
chmod +x enter agent
./enter 1 true 2>/dev/null || skip "the kernel does not allow mounts of a host's own"

job() {
    timeout 120 ./enter 1 mpirun --mca plm_rsh_agent "$folder/agent" --mca btl tcp,self \
        --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 \
        --host 10.77.0.1:1,10.77.0.2:1,10.77.0.3:1 -n 3 "$covey" "$@"
}

rows x.npy 13000 16
set -- -k 4 --loss huber --csv --restarts 1 --threads 1 --max-rounds 5
"$covey" cluster x.npy "$@" -q >alone
job cluster x.npy "$@" >several 2>said || wrong "no result from three hosts: $(cat said)"
cmp alone several >&2 || wrong "three hosts print something else"
grep -q '^3 ranks on 3 hosts' said || wrong "not three hosts: $(cat said)"
grep 'rank 0 of 3' said || wrong "nothing said of what was sent"

if [ -x "$build/covey-decode" ]; then
    export COVEY_HOME=$folder/home
    "$build/tests/make_weights" mini 3
    mkdir photos
    "$build/tests/make_photo" set photos 30
    "$covey" extract photos -o one --weights mini --no-cache --threads 1 -q
    job extract photos -o three --weights mini --threads 1 -q 2>said || wrong "no photos: $(cat said)"
    cmp one/features.npy three/features.npy >&2 || wrong "three hosts describe otherwise"
    [ -e host1/cache/covey ] || wrong "rank 0 kept nothing"
    [ ! -e host2/cache/covey ] && [ ! -e host3/cache/covey ] || wrong "others opened a catalogue"
fi
exit $bad
