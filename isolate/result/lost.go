package result

import "golang.org/x/sys/unix"

// Lost returns one line for a person when output of the program's could not be
// delivered, as on a full disk, or its input could not be read, and "" when none
// was lost. A reader that has gone away has had what it wanted: that is no loss.
func Lost(r *Result) string {
	name, why := "standard output", r.Output.StdoutError
	if !isLoss(why) {
		name, why = "standard error", r.Output.StderrError
	}
	if !isLoss(why) {
		name, why = "standard input", r.Output.StdinError
	}
	if !isLoss(why) {
		return ""
	}
	text := *why
	var e Errno
	if err := e.UnmarshalText([]byte(text)); err == nil && e != 0 {
		text = e.Error()
	}
	return "jail: " + oneLine(name+" of the program is not complete: "+text)
}

// LostFiles returns a line for each copy out of the jail that failed, and for a state of
// which some is lost.
func LostFiles(r *Result) (lines []string) {
	for i := range r.Copied {
		if c := &r.Copied[i]; c.Direction == CopiedOut && c.Error != "" {
			lines = append(lines, oneLine("copy "+c.Path+" out of the jail: "+c.Error))
		}
	}
	if r.StateError != nil {
		lines = append(lines, oneLine(*r.StateError))
	}
	return lines
}

func isLoss(why *string) bool {
	return why != nil && *why != unix.ErrnoName(unix.EPIPE)
}

// lost is whether the program's own end says less than it seems: who compares
// the output would blame the program for a full disk, or for half its input.
func lost(r *Result) bool {
	o := &r.Output
	return (r.Reason == Exited || r.Reason == Signaled) && (isLoss(o.StdoutError) || isLoss(o.StderrError) || isLoss(o.StdinError))
}
