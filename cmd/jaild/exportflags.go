package main

import (
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

var exportFlags = [...]flagRow[exportRequest]{
	{"otlp", "URL", "to an OpenTelemetry receiver, as http://HOST:PORT; without a path /v1/logs is added", textFlag(func(r *exportRequest) *string { return &r.otlp })},
	{"journal", "", "to systemd's journal", switchFlag(func(r *exportRequest) *bool { return &r.journal })},
	{"syslog", "", "to the host's syslog", switchFlag(func(r *exportRequest) *bool { return &r.syslog })},
	{"json", "", "to standard output, the log's lines as they stand", switchFlag(func(r *exportRequest) *bool { return &r.json })},
	{"follow", "", "wait for more, until SIGINT or SIGTERM", switchFlag(func(r *exportRequest) *bool { return &r.follow })},
	{"state", "FILE", "go on behind the last event that FILE says was exported, and write it down there", textFlag(func(r *exportRequest) *string { return &r.state })},
	{"patience", "TIME", "how long what is not taken is tried again: 90s, 5m, or 0 for without end (default 1m, with --follow 0)", setPatience},
	{"help", "", "print the help", switchFlag(func(r *exportRequest) *bool { return &r.help })},
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

// parseExport reads flags up to the log's name.
func parseExport(args []string) (*exportRequest, error) {
	r := &exportRequest{}
	args, err := readFlags("export", exportFlags[:], r, args)
	if err != nil {
		return nil, err
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
	writeFlags(&b, exportFlags[:])
	return b.String() + exportText2
}
