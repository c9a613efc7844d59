package policy

import (
	"slices"
	"strconv"

	"github.com/jailrun/jail/policy/seccomp"
)

func setOnSuspicious(p *Policy, arg string) error {
	return setEnum(&p.Seccomp.OnSuspicious, arg, suspicious[:])
}

func setKillAfter(p *Policy, arg string) error {
	n, err := strconv.ParseInt(arg, 10, 64)
	if err != nil || n < 1 {
		return fault(arg, ErrValue, "write a number of calls, 1 or more")
	}
	p.Seccomp.KillAfter = n
	return nil
}

func setAllow(p *Policy, arg string) error {
	err := checkAllow(arg)
	if err == nil {
		p.Seccomp.allow(arg)
	}
	return err
}

// allow adds a call, once.
func (s *Seccomp) allow(call string) {
	if !slices.Contains(s.Allow, call) {
		s.Allow = append(s.Allow, call)
	}
}

// checkAllow takes what the filter can let pass without giving up a wall.
func checkAllow(call string) error {
	switch seccomp.Allowable(call) {
	case seccomp.CanAllow:
		return nil
	case seccomp.IsAllowed:
		return fault(call, ErrValue, "it is allowed by default; leave it out")
	case seccomp.IsUnknown:
		return fault(call, ErrUnknown, "write a call of this architecture by its name, as in its manual page")
	case seccomp.IsChecked:
		return fault(call, ErrValue, "whether it passes is told by its arguments; what is refused of it can't be allowed")
	}
	return fault(call, ErrValue, "nothing allows it: it reaches around the jail's walls")
}

// possible refuses a number of calls after which to kill, where none is killed for.
func (s *Seccomp) possible() error {
	switch {
	case s.KillAfter < 0:
		return fault(strconv.FormatInt(s.KillAfter, 10), ErrValue, "write a number of calls, 1 or more")
	case s.KillAfter > 0 && s.OnSuspicious == SuspiciousDeny:
		return fault(strconv.FormatInt(s.KillAfter, 10), ErrContradiction, `on_suspicious is "deny", by which no call ends the jail: leave one of them out`)
	}
	return nil
}

// off refuses what only the filter does, where that is off.
func (s *Seccomp) off(l Layers) error {
	if l[LayerSeccomp] == Off && (s.OnSuspicious == SuspiciousKill || s.KillAfter > 0 || len(s.Allow) > 0) {
		return fault(string(Off), ErrContradiction, "on_suspicious, kill_after and allow are of the filter: leave them out, or the filter on")
	}
	return nil
}

func (s *Seccomp) resolve() {
	if s.KillAfter > 0 {
		s.OnSuspicious = SuspiciousKill
	}
	orDefault(&s.OnSuspicious, SuspiciousDeny)
	if s.OnSuspicious == SuspiciousKill {
		orDefault(&s.KillAfter, 1)
	}
	s.Allow = slices.Compact(slices.Sorted(slices.Values(s.Allow)))
}
