package seccomp

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAmbiguousRulesAreRefused(t *testing.T) {
	group := func(calls ...string) []Group { return []Group{{Name: "g", Why: "w", Calls: calls}} }
	check := func(a ...Arg) *Rules {
		return &Rules{Groups: group("read"), Checks: []Check{{Call: "read", Why: "w", When: a}}}
	}
	for name, c := range map[string]struct {
		rules *Rules
		want  error
	}{
		"unknown call":          {&Rules{Groups: group("reed")}, ErrUnknownCall},
		"two groups":            {&Rules{Groups: append(group("read"), group("read")...)}, ErrTwice},
		"no reason":             {&Rules{Groups: []Group{{Name: "g"}}}, ErrNoReason},
		"check of unknown":      {&Rules{Checks: []Check{{Call: "reed", Why: "w"}}}, ErrUnknownCall},
		"check without group":   {&Rules{Checks: []Check{{Call: "read", Why: "w"}}}, ErrNoGroup},
		"check without reason":  {&Rules{Groups: group("read"), Checks: []Check{{Call: "read"}}}, ErrNoReason},
		"argument 6":            {check(Arg{Index: 6, Mask: 1, Values: []uint64{1}}), ErrBadArg},
		"argument -1":           {check(Arg{Index: -1, Mask: 1, Values: []uint64{1}}), ErrBadArg},
		"no mask":               {check(Arg{Values: []uint64{0}}), ErrBadArg},
		"no values":             {check(Arg{Mask: 1}), ErrBadArg},
		"value beyond mask":     {check(Arg{Mask: Low32, Values: []uint64{1 << 32}}), ErrBadArg},
		"errno 0":               {&Rules{Default: Errno(0)}, ErrBadErrno},
		"errno 4096":            {&Rules{Foreign: Notify(4096)}, ErrBadErrno},
		"budget without an end": {&Rules{Default: Budget(1, 0, unix.EPERM)}, ErrBadErrno},
		"budget for nobody":     {&Rules{Default: Budget(1, unix.EPERM, 0)}, ErrBadErrno},
		"no such kind":          {&Rules{Default: Action{Kind: 9}}, ErrBadErrno},
		"group's errno":         {&Rules{Groups: []Group{{Name: "g", Why: "w", Answer: Errno(0)}}}, ErrBadErrno},
	} {
		_, err := Compile(c.rules, Options{})
		var e *Error
		if !errors.Is(err, c.want) || !errors.As(err, &e) || e.Object == "" {
			t.Errorf("%s: %v, want an *Error of %v", name, err, c.want)
		}
	}
}

func TestZeroActionKills(t *testing.T) {
	var a Action
	if got := a.Return(Options{}); got != unix.SECCOMP_RET_KILL_PROCESS {
		t.Errorf("the zero action is 0x%x, want kill", got)
	}
	if a.String() != "kill" {
		t.Errorf("the zero action is %q in words", a)
	}
}
