package main

import (
	"os"
	"strconv"

	"github.com/jailrun/jail/isolate/result"
)

// tellDenials says what was refused: all of it, a line each, if that is asked for,
// else a summary, to a person.
func (r *request) tellDenials(res *result.Result) {
	switch {
	case r.explains:
		explained(res)
	case isTerminal(os.Stderr):
		denied(res)
	}
}

// explained lists denials with what would change them.
func explained(res *result.Result) {
	const most = 50
	for i := range min(len(res.Denials), most) {
		d := &res.Denials[i]
		text := "denied: " + ofDenial(d) + ": " + d.Rule
		if d.Fix != "" {
			text += "; " + d.Fix
		}
		say(text)
	}
	if more := len(res.Denials) - most; more > 0 {
		say("denied: " + strconv.Itoa(more) + " more (--json lists all)")
	}
}

// denied sums up what was refused, in two lines at most.
func denied(res *result.Result) {
	const most = 4
	if len(res.Denials) == 0 {
		return
	}
	text, fix := "denied: ", ""
	for i := range min(len(res.Denials), most) {
		d := &res.Denials[i]
		if i > 0 {
			text += ", "
		}
		text += ofDenial(d)
		if fix == "" {
			fix = d.Fix
		}
	}
	if more := len(res.Denials) - most; more > 0 {
		text += ", and " + strconv.Itoa(more) + " more (--json lists all)"
	}
	say(text)
	if fix != "" {
		say("to mend it: " + fix)
	}
}

func ofDenial(d *result.Denial) string {
	text := d.Syscall
	if d.Object != "" {
		text += " " + d.Object
	}
	return text + " (" + d.Errno.String() + ", " + strconv.FormatInt(d.Count, 10) + "×)"
}
