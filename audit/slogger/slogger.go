// Package slogger gives audit events to a structured logger. It is apart from
// audit, since log/slog costs each start of jail.
package slogger

import (
	"context"
	"log/slog"
	"time"

	"github.com/jailrun/jail/audit"
)

// New makes a sink of a logger; with a redactor, secrets are taken out. The
// logger's handler decides how long Emit takes.
func New(l *slog.Logger, r *audit.Redactor) audit.Sink { return &sink{l, r} }

type sink struct {
	logger   *slog.Logger
	redactor *audit.Redactor
}

// Emit makes one record of an event: its message is the type, and its level says
// whether somebody should look.
func (s *sink) Emit(e audit.Event) {
	if e.Detail == nil {
		return
	}
	ctx, level := context.Background(), levelOf(e.Detail.Type())
	if !s.logger.Enabled(ctx, level) {
		return
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	record := slog.NewRecord(e.Time, level, string(e.Detail.Type()), 0)
	for _, f := range e.Fields(s.redactor)[1:] {
		record.AddAttrs(slog.String(f.Key, f.Value))
	}
	_ = s.logger.Handler().Handle(ctx, record) // a sink never fails to its caller
}

func levelOf(t audit.Type) slog.Level {
	switch t.Severity() {
	case audit.Broken:
		return slog.LevelError
	case audit.Worth:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
