package main

import (
	"cmp"
	"strconv"

	"github.com/jailrun/jail/isolate/host"
	"golang.org/x/sys/unix"
)

// around lists what others have put around jail, container engines above all.
func around() []finding {
	a := host.LookAround()
	return []finding{outerFilter(a), coveredProc(a), appArmor(a)}
}

func outerFilter(a *host.Around) finding {
	f := finding{"filter around jail", fine, "none", ""}
	if !a.Filter {
		return f
	}
	f.Value = "lets namespaces be made"
	for _, c := range [...]struct {
		nr   uint64
		name string
	}{{unix.SYS_CLONE, "clone"}, {unix.SYS_UNSHARE, "unshare"}, {unix.SYS_SETNS, "setns"}} {
		if refused, _ := a.Refuses(c.nr); refused {
			f.Mark, f.Value = missing, "refuses "+c.name+"(2), by which namespaces are made"
			f.Mend = host.MendFilter
			break
		}
	}
	return f
}

func coveredProc(a *host.Around) finding {
	f := finding{"/proc", fine, "whole, so that a jail can have its own", ""}
	if n := len(a.Masks); n > 0 {
		f.Mark, f.Value = missing, strconv.Itoa(n)+" mounts cover parts of it ("+a.Masks[0]+" …), so that a jail can't have its own"
		f.Mend = host.MendMasks
	}
	return f
}

func appArmor(a *host.Around) finding {
	f := finding{"AppArmor profile", fine, cmp.Or(a.Label, "none"), ""}
	switch {
	case a.Profile != "" && a.Mediates:
		f.Mark, f.Mend = note, "if no jail works: "+host.MendProfile
	case a.Restrict && (a.Label == "" || a.Label == "unconfined"):
		f.Mark, f.Value = missing, "none, and programs without one get no user namespace (kernel.apparmor_restrict_unprivileged_userns=1)"
		f.Mend = "load contrib/apparmor/jail: apparmor_parser -r contrib/apparmor/jail (docs/containers.md)"
	}
	return f
}
