#!/bin/sh
# Runs in a guest with systemd, as root: what each way of being an ordinary user
# there gives. Each line is "users: WAY LINE-OF-THE-PROBE".
# Busybox's shell takes its own su before Debian's, which opens a session.
su=/usr/bin/su
dir=/home/user/probe
mkdir -p $dir && cp /usr/bin/probe $dir && chown -R user $dir || exit 1
failed=0

# as WAY COMMAND…: the probe, in a new login session of the user's.
as() {
	way=$1
	shift
	$su -l user -c "cd $dir && rm -f result.json && $* ./probe" >/tmp/out 2>/tmp/err || {
		failed=1
		echo "FAIL  $way"
		cat /tmp/err
	}
	sed "s/^/users: $way /" /tmp/out
}

# holds WAY COMMAND…: a jail that must have its group.
holds() {
	way=$1
	shift
	if $su -l user -c "$* jail exec --quiet --require cgroup -- true" >/tmp/out 2>&1; then
		echo "ok    $way gives a group"
	else
		failed=1
		echo "FAIL  $way gives no group"
		cat /tmp/out
	fi
}

loginctl enable-linger user && systemctl start user@1000.service || exit 1
as login
as delegate jail doctor --delegate --
holds systemd-run systemd-run --quiet --user --scope -p Delegate=yes
# A shell with many jails, one within the other, and beside it.
holds nested jail doctor --delegate -- sh -c "'jail exec --quiet --require cgroup -- true && exec \"\$0\" \"\$@\"'"
if ! $su -l user -c 'jail doctor --delegate' >/tmp/out 2>&1 || ! grep -q 'tried in it now has its cgroup' /tmp/out; then
	failed=1
	echo "FAIL  the doctor does not delegate"
fi
cat /tmp/out
systemd-run --quiet --scope -p Delegate=yes jail exec --quiet --require cgroup -- true || { failed=1; echo "FAIL  root, systemd-run"; }
jail doctor --delegate -- jail exec --quiet --require cgroup -- true || { failed=1; echo "FAIL  root, jaild"; }
# Limits that others have set above: one that can't be met is refused, a default is
# lowered, and both are told.
bounded() {
	systemd-run --quiet --scope -p Delegate=yes -p MemoryMax=256M -p TasksMax=100 jail "$@" 2>&1
}
says() {
	what=$1 text=$2
	shift 2
	bounded "$@" >/tmp/bounded
	if grep -q "$text" /tmp/bounded; then
		echo "ok    $what"
	else
		failed=1
		echo "FAIL  $what: not \"$text\""
		cat /tmp/bounded
	fi
}
says "more memory than there is is refused" 'limit memory to 1G: .*memory.max is 256M: .*--memory 256M' exec --memory 1G -- true
says "more processes than may be are refused" 'limit pids to 101: .*pids.max is 100' exec --pids 101 -- true
says "defaults are lowered" '"memory_bytes":268435456,"pids":100,' exec --json - -- true
says "explain says so" 'memory *at most 256M by the group above' explain -- true
says "doctor says so" 'outer pids *at most 100 by the group above' doctor
# What root can give to every user, as the doctor says.
mend=$(sed -n 's/^→ as root: //p' /tmp/out | sed 's/; it holds.*//')
sh -c "$mend" && systemctl stop user@1000.service && systemctl start user@1000.service || { failed=1; echo "FAIL  root's mend: $mend"; }
$su -l user -c 'jail doctor --delegate' >/tmp/out 2>&1
grep -q '^delegated: .*cpuset.* io' /tmp/out || { failed=1; echo "FAIL  root's mend gives no more"; cat /tmp/out /etc/systemd/system/user@.service.d/jail.conf; }
as all jail doctor --delegate --
left=$(find /sys/fs/cgroup -name 'jail-*' 2>/dev/null)
[ -z "$left" ] || { failed=1; echo "FAIL  groups are left: $left"; }
exit $failed
