#!/bin/sh
# Runs in a guest: jail under AppArmor profiles, the shipped one and others. Root
# is the first to run it, and loads them; /opt/apparmor/parser is AppArmor's own.
features=/sys/kernel/security/apparmor/features
tries='--try user_ns --try pid_ns --try mnt_ns --try net_ns --try ipc_ns --try uts_ns --try cgroup_ns --try time_ns --try rootfs --try cgroup --try capabilities'
failed=0

fail() {
	failed=1
	echo "FAIL  $*"
}

# load NAME RULE...: a profile that confines /opt/NAME/jail, and allows but what
# is in RULE. A memfd has no path, by which a rule could allow it, without a flag.
load() {
	name=$1
	shift
	mkdir -p "/opt/$name" && cp /usr/bin/jail "/opt/$name/jail"
	printf 'abi <abi/4.0>,\nprofile %s /opt/%s/jail flags=(%s) {\n%s\n}\n' "$name" "$name" "$flags" "$*" >"/tmp/$name"
	/opt/apparmor/parser -r "/tmp/$name" || fail "the profile $name is not loaded"
}

# works JAIL LABEL: a jail that needs every namespace.
works() {
	"$1" doctor >"$dir/doctor" 2>&1
	grep -q "AppArmor profile *$2" "$dir/doctor" || fail "doctor does not say $2: $(grep AppArmor "$dir/doctor")"
	if out=$("$1" exec --quiet --try landlock -- sh -c 'echo ran' 2>&1) && [ "$out" = ran ]; then
		echo "ok    a jail works under $2"
	else
		fail "under $2: $out"
	fi
}

# refused JAIL PROFILE: an error that names the layer, the profile and the mend.
refused() {
	out=$("$1" exec --quiet --try landlock -- sh -c 'echo ran' 2>&1)
	status=$?
	[ $status = 125 ] || fail "under $2 the status is $status: $out"
	for word in user_ns "AppArmor profile \"$2\" forbids it" contrib/apparmor/jail "--try user_ns"; do
		case $out in
		*"$word"*) ;;
		*) fail "under $2 the error does not name $word: $out" ;;
		esac
	done
	"$1" doctor >"$dir/doctor" 2>&1
	for word in "note *AppArmor profile *$2 (enforce)" 'userns,' 'does not work here'; do
		grep -q "$word" "$dir/doctor" || fail "under $2 doctor does not say: $word"
	done
	out=$("$1" exec --quiet --json - $tries -- echo ran 2>&1)
	case $out in
	ran*'"user_ns":{"state":"absent"'*'"seccomp":{"state":"enforced"'*) ;;
	*) fail "under $2 a jail that tries all does not work with less: $out" ;;
	esac
	[ $failed = 0 ] && echo "ok    a jail is refused under $2, and works with less where that is asked for"
}

dir=$(mktemp -d /tmp/apparmor-XXXXXX) || exit 1
all='file, /** rwlkmix, capability, network, mount, umount, remount, pivot_root, signal, ptrace, unix, mqueue, io_uring,'
if [ "$(id -u)" = 0 ]; then
	mount -t securityfs securityfs /sys/kernel/security || exit 1
	/opt/apparmor/parser -r /etc/apparmor.d/jail || fail "the shipped profile is not loaded"
	flags=attach_disconnected
	load confined "$all userns,"
	load nouserns "$all"
	load nomount "$all userns, deny mount,"
	flags=enforce
	load nomemfd "$all userns,"
fi
works /usr/bin/jail 'jail (unconfined)'
works /opt/confined/jail 'confined (enforce)'
if grep -q userns_create $features/namespaces/mask 2>/dev/null; then
	refused /opt/nouserns/jail nouserns
else
	echo "      this kernel's AppArmor does not ask about user namespaces"
	works /opt/nouserns/jail 'nouserns (enforce)'
fi
# forbidden PROFILE WHAT: an error that names both.
forbidden() {
	out=$("/opt/$1/jail" exec --quiet --try landlock -- true 2>&1)
	case $out in
	*"AppArmor profile \"$1\" forbids $2"*) echo "ok    a jail is refused under $1" ;;
	*) fail "under $1: $out" ;;
	esac
}
forbidden nomount it
forbidden nomemfd 'executing a memfd'
rm -rf "$dir"
exit $failed
