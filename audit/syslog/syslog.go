// Package syslog gives audit events to a syslog daemon. It is for cmd/jaild alone,
// since log/syslog links net.
//
// log/syslog writes in the form of RFC 3164, which daemons of RFC 5424 take too.
package syslog

import (
	"log/syslog"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/jailrun/jail/audit"
)

// Sink sends each event as one message of key=value, and counts what the daemon
// would not take. A write to a daemon that does not read may wait: give it a
// goroutine of its own where that matters.
type Sink struct {
	redactor *audit.Redactor
	writer   *syslog.Writer
	lost     atomic.Int64
}

// New connects to a daemon: network and address as for syslog.Dial, both empty for
// the host's own. With a redactor, secrets are taken out.
func New(network, address string, r *audit.Redactor) (*Sink, error) {
	w, err := syslog.Dial(network, address, syslog.LOG_INFO|syslog.LOG_AUTHPRIV, "jail")
	if err != nil {
		return nil, &audit.Error{Op: "connect to", Object: "syslog " + address, Err: err, Hint: "is its daemon running?"}
	}
	return &Sink{redactor: r, writer: w}, nil
}

// Emit sends an event.
func (s *Sink) Emit(e audit.Event) {
	if e.Detail == nil {
		return
	}
	var words []string
	for _, f := range e.Fields(s.redactor) {
		if strings.ContainsAny(f.Value, ` "=`) { // it could pass for more words
			f.Value = strconv.Quote(f.Value)
		}
		words = append(words, f.Key+"="+f.Value)
	}
	if s.send(e.Detail.Type(), strings.Join(words, " ")) != nil {
		s.lost.Add(1)
	}
}

// Lost counts events that the daemon did not take.
func (s *Sink) Lost() int64 { return s.lost.Load() }

// Close closes the connection.
func (s *Sink) Close() error { return s.writer.Close() }

func (s *Sink) send(t audit.Type, text string) error {
	switch t.Severity() {
	case audit.Broken:
		return s.writer.Err(text)
	case audit.Worth:
		return s.writer.Warning(text)
	}
	return s.writer.Info(text)
}
