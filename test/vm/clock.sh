#!/bin/sh
# Runs in a guest, whose clock is nobody else's: steps the time of day while a
# jail runs, by a day forth and back. No limit and no figure may move with it.
if [ "$(id -u)" != 0 ]; then
	echo "ok    an ordinary user sets no clock"
	exit 0
fi
dir=$(mktemp -d /tmp/clock-XXXXXX) || exit 1
failed=0

fail() {
	failed=1
	echo "FAIL  $*"
}

# number KEY: of the result.
number() { grep -o "\"$1\":-\?[0-9]*" "$dir/result" | head -n 1 | cut -d: -f2; }

# want REASON SECONDS STEP SCRIPT FLAGS…: the run must last for so long, and for
# little more: a guest is slow, but not by hours. The clock is set when the
# script runs.
slow=60
want() {
	reason=$1 seconds=$2 step=$3 script=$4
	shift 4
	rm -f "$dir/out" "$dir/result"
	jail exec --quiet --try landlock --json="$dir/result" "$@" -- sh -c "echo ready; $script" >"$dir/out" 2>&1 &
	for _ in 1 2 3 4 5 6 7 8 9; do
		grep -qs ready "$dir/out" && break
		sleep 1
	done
	before=$(date +%s)
	date -s "@$((before + step))" >/dev/null || fail "the clock can't be set"
	after=$(date +%s)
	[ $((after - before - step)) -lt "$slow" ] || fail "the clock did not move: $before, $after"
	wait
	got=$(grep -o '"reason":"[^"]*"' "$dir/result" | cut -d'"' -f4)
	wall=$(number wall_ns)
	if [ "$got" != "$reason" ]; then
		fail "$got, not $reason, with the clock set by $step s: $* $script"
		head -n 3 "$dir/out"
	elif [ "$wall" -lt "${seconds}000000000" ] || [ "$wall" -gt "$((seconds + slow))000000000" ]; then
		fail "$reason after $wall ns, not $seconds s, with the clock set by $step s: $* $script"
	else
		echo "ok    $reason after $wall ns with the clock set by $step s: $* $script"
	fi
}

for _ in 1 2 3; do
	jail exec --quiet --try landlock -- true >/dev/null 2>&1 && break # the first launch of a guest may take too long
done
day=86400
for step in $day -$day; do
	want wall-limit 3 $step 'sleep 200' --wall 3s
	want exited 3 $step 'sleep 3; :' --wall 100s --cpu 100s --idle 90s
	want idle 3 $step 'sleep 200' --idle 3s
	# Of a refused call after the step: when, since the start.
	want exited 3 $step 'sleep 3; mount -t tmpfs x /tmp; :' --wall 100s
	first=$(number first_ns)
	if [ -z "$first" ] || [ "$first" -lt 3000000000 ] || [ "$first" -gt "$wall" ]; then
		fail "a call was refused after ${first:-no} ns of $wall, with the clock set by $step s"
	fi
done
rm -rf "$dir"
exit $failed
