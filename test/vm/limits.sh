#!/bin/sh
# Runs in a guest: a program for each limit, and the reason that its run must
# end with. Limits of all processes together need a cgroup, which root has, and
# an ordinary user on v2; of others those of each process are tried.
. /usr/lib/session.sh
dir=$(mktemp -d /tmp/limits-XXXXXX) || exit 1
failed=0

want() {
	reason=$1
	shift
	jail exec --quiet --try landlock --json="$dir/result" "$@" >"$dir/out" 2>&1
	got=$(grep -o '"reason":"[^"]*"' "$dir/result" | cut -d'"' -f4)
	peak=$(grep -o '"memory_peak_bytes":[0-9]*' "$dir/result" | cut -d: -f2)
	if [ "$got" = "$reason" ]; then
		echo "ok    $reason: $*"
	else
		failed=1
		echo "FAIL  $got, not $reason: $*"
		head -n 3 "$dir/out"
	fi
	rm -f "$dir/result"
}

want exited -- true
want signaled -- sh -c 'kill -9 $$'
want cpu-limit --cpu 1s -- sh -c 'while :; do :; done'
want wall-limit --wall 1s -- sleep 20
want idle --idle 1s -- sleep 20
want output --output 1000 -- sh -c 'yes | head -c 100000'
want disk --disk 4M --disk-action kill -- sh -c 'dd if=/dev/zero of=/tmp/x bs=1M count=9; sleep 1'
jail exec --quiet --try landlock --json="$dir/result" true
if grep -q '"memory_source":"\(cgroup\|sampled\)' "$dir/result"; then
	want memory --memory 24M -- dd if=/dev/zero of=/dev/null bs=60M count=1
	want memory --memory 24M -- dd if=/dev/zero of=/dev/shm/x bs=1M count=60
	want memory --memory 24M -- sh -c 'dd if=/dev/zero of=/dev/null bs=60M count=1; sleep 1; true'
	# The peak, also where the kernel keeps none: what was used and given back.
	want exited --memory 256M -- sh -c 'dd if=/dev/zero of=/tmp/x bs=1M count=20; sleep 0.2; rm /tmp/x; sleep 0.1'
	if [ "$peak" -lt 20000000 ]; then
		failed=1
		echo "FAIL  memory_peak_bytes is $peak after 20 MB were used"
	fi
	want pids --pids 8 --pids-action kill -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 5 & done; wait'
fi
left=$(find /sys/fs/cgroup -name 'jail-*-*-[1-9]*' 2>/dev/null)
if [ -n "$left" ]; then
	failed=1
	echo "FAIL  groups are left: $left"
fi
rm -rf "$dir"
exit $failed
