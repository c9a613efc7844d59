# Moves the shell that reads it to a group below its user's own, on cgroup v2.
own=$(sed -n 's/^0:://p' /proc/self/cgroup)
for root in /sys/fs/cgroup/unified /sys/fs/cgroup; do
	if [ -n "$own" ] && [ -w "$root$own/cgroup.procs" ]; then
		mkdir -p "$root$own/session" && echo $$ >"$root$own/session/cgroup.procs"
		break
	fi
done
