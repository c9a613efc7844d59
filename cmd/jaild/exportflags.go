package main

import (
	"fmt"
	"strings"
	"time"
)

// exportRequest is what a command line of "jaild export" asks for.
type exportRequest struct {
	file     string
	follow   bool
	otlp     string // "" for none
	journal  bool
	syslog   bool
	json     bool
	state    string        // file; "" for none
	patience time.Duration // 0: without end
	patient  bool          // it was given
	help     bool

	syslogAt struct{ network, address string } // of a test's; the host's own without
}

// exportFlag is a row of the table that the parser and the help read.
type exportFlag struct {
	name string // without the dashes
	arg  string // what stands for its value in help; "" for a switch
	help string
	set  func(*exportRequest, string) error
}

func exportSwitch(field func(*exportRequest) *bool) func(*exportRequest, string) error {
	return func(r *exportRequest, _ string) error { *field(r) = true; return nil }
}

func exportText(field func(*exportRequest) *string) func(*exportRequest, string) error {
	return func(r *exportRequest, v string) error { *field(r) = v; return nil }
}

var exportFlags = [...]exportFlag{
	{"otlp", "URL", "to an OpenTelemetry receiver, as http://HOST:PORT; without a path /v1/logs is added", exportText(func(r *exportRequest) *string { return &r.otlp })},
	{"journal", "", "to systemd's journal", exportSwitch(func(r *exportRequest) *bool { return &r.journal })},
	{"syslog", "", "to the host's syslog", exportSwitch(func(r *exportRequest) *bool { return &r.syslog })},
	{"json", "", "to standard output, the log's lines as they stand", exportSwitch(func(r *exportRequest) *bool { return &r.json })},
	{"follow", "", "wait for more, until SIGINT or SIGTERM", exportSwitch(func(r *exportRequest) *bool { return &r.follow })},
	{"state", "FILE", "go on behind the last event that FILE says was exported, and write it down there", exportText(func(r *exportRequest) *string { return &r.state })},
	{"patience", "TIME", "how long what is not taken is tried again: 90s, 5m, or 0 for without end (default 1m, with --follow 0)", setPatience},
	{"help", "", "print the help", exportSwitch(func(r *exportRequest) *bool { return &r.help })},
}

const presetPatience = time.Minute

func setPatience(r *exportRequest, v string) error {
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 {
		return &Error{Op: "read", Object: "--patience " + v, Err: errNotTime, Hint: "write 90s or 5m, or 0 for without end"}
	}
	r.patience, r.patient = d, true
	return nil
}

// parseExport reads flags up to the log's name: "--name value" or "--name=value".
func parseExport(args []string) (*exportRequest, error) {
	r := &exportRequest{}
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		a := args[0]
		args = args[1:]
		if a == "--" {
			break
		}
		rest, err := r.flag(a, args)
		if err != nil {
			return nil, err
		}
		args = rest
	}
	if r.help {
		return r, nil
	}
	switch {
	case len(args) == 0:
		return nil, &Error{Op: "read", Object: "the command line", Err: errNoLog, Hint: "for example jaild export --json audit.jsonl"}
	case len(args) > 1 && strings.HasPrefix(args[1], "-"):
		return nil, &Error{Op: "read", Object: args[1], Err: errLate, Hint: "write it before " + args[0]}
	case len(args) > 1:
		return nil, &Error{Op: "read", Object: args[1], Err: errOneLog, Hint: "start another for it"}
	case r.otlp == "" && !r.journal && !r.syslog && !r.json:
		return nil, &Error{Op: "read", Object: "the command line", Err: errNoSink, Hint: "add --otlp http://HOST:PORT, --journal, --syslog or --json"}
	}
	r.file = args[0]
	if !r.patient && !r.follow {
		r.patience = presetPatience
	}
	return r, nil
}

// flag reads one flag, and gives what follows it.
func (r *exportRequest) flag(a string, rest []string) ([]string, error) {
	name, v, given := strings.Cut(strings.TrimPrefix(a[1:], "-"), "=")
	for i := range exportFlags {
		f := &exportFlags[i]
		switch {
		case f.name != name:
			continue
		case f.arg == "" && given:
			return nil, &Error{Op: "read", Object: a, Err: errValue, Hint: "write --" + name}
		case f.arg != "" && !given:
			if len(rest) == 0 {
				return nil, &Error{Op: "read", Object: a, Err: errNoValue, Hint: "write --" + name + " " + f.arg}
			}
			v, rest = rest[0], rest[1:]
		}
		if f.arg != "" && v == "" {
			return nil, &Error{Op: "read", Object: a, Err: errNoValue, Hint: "write --" + name + " " + f.arg}
		}
		return rest, f.set(r, v)
	}
	return nil, &Error{Op: "read", Object: a, Err: errNoFlag, Hint: `"jaild help export" lists them`}
}

const exportText1 = `Usage: jaild export [FLAGS] FILE

Give each event of the audit log FILE, the older files' first (FILE.2, FILE.1), to
each of the services that are named, in order. A line that does not follow on the one
before is told, and exported as an event of type tamper and severity error.

Without --state all events are exported each time. With it, what was stopped by
SIGINT, SIGTERM or an error goes on where it was; what was killed may export its last
128 events once more.

`

const exportText2 = `
The exit status is 0 when all was exported, 1 when it was and the chain does not hold,
125 when something was not exported.

No proxy is used and no redirect followed. Of the variables of OpenTelemetry only
OTEL_RESOURCE_ATTRIBUTES counts: it adds to the resource, and can't change service.name
or host.name.

    jaild export --json audit.jsonl
    jaild export --follow --state audit.exported --otlp http://127.0.0.1:4318 audit.jsonl
`

func exportHelp() string {
	var b strings.Builder
	b.WriteString(exportText1)
	for _, f := range exportFlags {
		fmt.Fprintf(&b, "  %-16s %s\n", strings.TrimSpace("--"+f.name+" "+f.arg), f.help)
	}
	return b.String() + exportText2
}
