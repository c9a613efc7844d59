package slogger

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/jailrun/jail/audit"
)

func TestAnEventIsARecord(t *testing.T) {
	var out bytes.Buffer
	r, err := audit.NewRedactor([]string{"s3cret"})
	if err != nil {
		t.Fatal(err)
	}
	var s audit.Sink = New(slog.New(slog.NewJSONHandler(&out, nil)), r)
	s.Emit(audit.Event{Jail: "j", PID: 5, Detail: &audit.Denial{Layer: "seccomp", Syscall: "mount", Object: "\x1b[2J s3cret", Count: 2, Args: []uint64{1, 255}}})
	s.Emit(audit.Event{}) // says nothing
	for _, want := range []string{`"level":"WARN"`, `"msg":"denial"`, `"jail":"j"`, `"pid":"5"`, `"syscall":"mount"`, `"count":"2"`, `"args":"0x1,0xff"`, `\\u001b[2J [redacted]`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s lacks %s", out.String(), want)
		}
	}
	if n := strings.Count(out.String(), "\n"); n != 1 {
		t.Errorf("%d records", n)
	}
}
