package seccomp

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// Validate finds what would make the rules ambiguous or mean something else
// than they say: an unknown or doubled call, a check of a call without a group,
// a value that its mask can never give. The error is an *Error.
func (r *Rules) Validate() error {
	if err := checkAnswer("the default", r.Default); err != nil {
		return err
	}
	if err := checkAnswer("the foreign answer", r.Foreign); err != nil {
		return err
	}
	grouped, err := r.grouped()
	if err != nil {
		return err
	}
	for i := range r.Checks {
		if err := r.Checks[i].validate(&grouped); err != nil {
			return err
		}
	}
	return nil
}

// grouped marks the numbers that are in a group.
func (r *Rules) grouped() (in [len(names)]bool, err error) {
	for _, g := range r.Groups {
		if g.Why == "" {
			return in, invalid("group "+g.Name, ErrNoReason, "")
		}
		if err := checkAnswer("group "+g.Name, g.Answer); err != nil {
			return in, err
		}
		for _, name := range g.Calls {
			nr, ok := Number(name)
			if !ok {
				return in, invalid(name, ErrUnknownCall, "see \"jail explain\" for the names")
			}
			if in[nr] {
				return in, invalid(name, ErrTwice, "remove it from group "+g.Name)
			}
			in[nr] = true
		}
	}
	return in, nil
}

func (c *Check) validate(grouped *[len(names)]bool) error {
	nr, ok := Number(c.Call)
	switch {
	case !ok:
		return invalid(c.Call, ErrUnknownCall, "")
	case !grouped[nr]:
		return invalid(c.Call, ErrNoGroup, "a check refines a group's answer: add the call to one")
	case c.Why == "":
		return invalid("check of "+c.Call, ErrNoReason, "")
	}
	for _, a := range c.When {
		if err := a.validate(c.Call); err != nil {
			return err
		}
	}
	return checkAnswer("check of "+c.Call, c.Answer)
}

func (a Arg) validate(call string) error {
	object := "argument " + strconv.Itoa(a.Index) + " of " + call
	if a.Index < 0 || a.Index > 5 {
		return invalid(object, ErrBadArg, "arguments are 0 to 5")
	}
	if a.Mask == 0 || len(a.Values) == 0 {
		return invalid(object, ErrBadArg, "give a mask and at least one value")
	}
	for _, v := range a.Values {
		if v&^a.Mask != 0 {
			return invalid(object, ErrBadArg, "value 0x"+strconv.FormatUint(v, 16)+" has bits outside the mask")
		}
	}
	return nil
}

// checkAnswer holds errnos to what the kernel passes on (MAX_ERRNO). Zero would
// tell the program that its call succeeded, which is KindIgnore's to say.
func checkAnswer(object string, a Action) error {
	var ok bool
	switch a.Kind {
	case KindErrno, KindNotify:
		ok = isErrno(a.Errno)
	case KindBudget:
		ok = isErrno(a.Errno) && isErrno(a.Alone)
	case KindWatch:
		ok = (a.Errno == 0 || isErrno(a.Errno)) && (a.Alone == 0 || isErrno(a.Alone))
	default:
		ok = a.Kind <= KindAllow
	}
	if !ok {
		return invalid(object, ErrBadErrno, "")
	}
	return nil
}

func isErrno(e unix.Errno) bool { return e >= 1 && e <= 4095 }

func invalid(object string, err error, hint string) error {
	return &Error{Op: "validate", Object: object, Err: err, Hint: hint}
}
