package main

import (
	"errors"

	"github.com/jailrun/jail/audit"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/judge/meter"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// misused ends jail for a mistake on its command line. Where the result was to
// go is known as far as the flags were read.
func (c *command) misused(r *request, err error) int {
	s := &streams{}
	if c.name == "exec" && !r.resolved && !r.help {
		s, _ = openResult(r) // one mistake at a time
	}
	status := s.fail("read the command line", err)
	usage(c)
	return status
}

// fail ends jail before a launch: it says why, and leaves a result that says so
// too. It gives the exit status.
func (s *streams) fail(step string, err error) int {
	complain(err)
	if errors.Is(err, errSameFile) {
		s.json = nil // it would go where a stream goes
	}
	res := unlaunched(step, err)
	if s.wanted() {
		if e := s.emit(res.AppendLine(nil)); e != nil {
			complain(e)
		}
	}
	return result.ExitStatus(res)
}

// unlaunched is the result of a run that a mistake of the caller's has kept from
// being tried.
func unlaunched(step string, err error) *result.Result {
	var errno unix.Errno
	errors.As(err, &errno)
	res := result.New("")
	res.Limits = result.LimitsOf(policy.Limits{})
	res.Evidence.Setup = &result.Setup{Index: -1, Step: step, Errno: result.Errno(errno), Exec: errors.Is(err, errDirectory) || errors.Is(err, errNotExecutable)}
	res.Error = &result.Failure{Op: step, Step: step, Errno: result.Errno(errno), Text: err.Error(), Hint: hintOf(err)}
	res.Conclude()
	return res
}

func hintOf(err error) string {
	var f *failure
	if errors.As(err, &f) {
		return f.hint
	}
	var spent *meter.SpentError
	if errors.As(err, &spent) {
		return spent.Hint
	}
	var metering *meter.Error
	if errors.As(err, &metering) {
		return metering.Hint
	}
	var auditing *audit.Error
	if errors.As(err, &auditing) {
		return auditing.Hint
	}
	if all := policy.Errors(err); len(all) > 0 {
		return all[0].Hint
	}
	return ""
}
