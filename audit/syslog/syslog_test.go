package syslog

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jailrun/jail/audit"
)

func TestAnEventIsAMessage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	daemon, err := net.ListenPacket("unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	defer daemon.Close()
	s, err := New("unixgram", path, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Emit(audit.Event{Jail: "j", Detail: &audit.Kill{Cause: "cpu\nlimit"}})
	b := make([]byte, 4096)
	n, _, err := daemon.ReadFrom(b)
	if got := string(b[:n]); err != nil || !strings.HasPrefix(got, "<84>") || !strings.HasSuffix(got, `type=kill jail=j cause=cpu\u000alimit`+"\n") {
		t.Errorf("%q, %v", got, err)
	}
	if err := s.Close(); err != nil || s.Lost() != 0 {
		t.Errorf("%v, %d are lost", err, s.Lost())
	}
	if _, err := New("unixgram", path+"-none", nil); err == nil || !strings.Contains(err.Error(), "is its daemon running?") {
		t.Errorf("%v", err)
	}
}
