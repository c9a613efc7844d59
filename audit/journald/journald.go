// Package journald gives audit events to systemd's journal. It is for cmd/jaild
// alone, since its library links net.
package journald

import (
	"strings"
	"sync/atomic"

	"github.com/coreos/go-systemd/v22/journal"
	"github.com/jailrun/jail/audit"
)

// Sink sends each event as one entry, with fields JAIL_TYPE, JAIL_PID and so on,
// and counts what the journal would not take.
type Sink struct {
	redactor *audit.Redactor
	send     func(string, journal.Priority, map[string]string) error
	lost     atomic.Int64
}

// New makes a sink; with a redactor, secrets are taken out. Error says where there
// is no journal.
func New(r *audit.Redactor) (*Sink, error) {
	if !journal.Enabled() {
		return nil, &audit.Error{Op: "open", Object: "the journal", Err: audit.ErrNoService, Hint: "is systemd-journald running, and its socket in sight?"}
	}
	return &Sink{redactor: r, send: journal.Send}, nil
}

// Emit sends an event.
func (s *Sink) Emit(e audit.Event) {
	if e.Detail == nil {
		return
	}
	vars, words := map[string]string{"SYSLOG_IDENTIFIER": "jail"}, []string{}
	for _, f := range e.Fields(s.redactor) {
		vars["JAIL_"+strings.ToUpper(f.Key)] = f.Value
		words = append(words, f.Key+"="+f.Value)
	}
	if s.send(strings.Join(words, " "), priority(e.Detail.Type()), vars) != nil {
		s.lost.Add(1)
	}
}

// Lost counts events that the journal did not take.
func (s *Sink) Lost() int64 { return s.lost.Load() }

func priority(t audit.Type) journal.Priority {
	switch t.Severity() {
	case audit.Broken:
		return journal.PriErr
	case audit.Worth:
		return journal.PriWarning
	}
	return journal.PriInfo
}
