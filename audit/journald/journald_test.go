package journald

import (
	"errors"
	"testing"

	"github.com/coreos/go-systemd/v22/journal"
	"github.com/jailrun/jail/audit"
)

func TestAnEventIsAnEntry(t *testing.T) {
	var got map[string]string
	var failing error
	s := &Sink{send: func(_ string, p journal.Priority, vars map[string]string) error {
		if p != journal.PriErr {
			t.Errorf("priority %d", p)
		}
		got = vars
		return failing
	}}
	s.Emit(audit.Event{Jail: "j", Detail: &audit.Tamper{What: "a\nb"}})
	if got["JAIL_TYPE"] != "tamper" || got["JAIL_JAIL"] != "j" || got["JAIL_WHAT"] != `a\u000ab` {
		t.Errorf("%v", got)
	}
	failing = errors.New("full")
	s.Emit(audit.Event{Detail: &audit.Tamper{}})
	if s.Lost() != 1 {
		t.Errorf("%d are lost", s.Lost())
	}
}
