package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strconv"
	"time"

	"github.com/jailrun/jail/audit"
	"github.com/jailrun/jail/audit/journald"
	"github.com/jailrun/jail/audit/otel"
	"github.com/jailrun/jail/audit/syslog"
	"github.com/jailrun/jail/isolate/result"
	otelapi "go.opentelemetry.io/otel"
	"golang.org/x/sys/unix"
)

// statusBroken is that of a log whose chain does not hold.
const statusBroken = 1

const (
	mostBatch = 128             // events between two states
	grace     = 5 * time.Second // that what was read already has after a signal
)

// export gives the events of a log to outlets, a batch at a time: the next one is
// read when all outlets have the last, and the state says so. What is not yet
// exported waits in the log.
type export struct {
	request *exportRequest
	outlets []outlet
	state   *state     // nil: none is kept
	at      audit.Mark // behind the batch
	done    audit.Mark // behind what all outlets have
	batch   []item
	broken  bool // the chain does not hold
	failed  error
}

// exportCommand is "jaild export".
func exportCommand(args []string) int {
	r, err := parseExport(args)
	if err != nil {
		complain(err)
		return result.StatusFailed
	}
	if r.help {
		return printed(os.Stdout, exportHelp())
	}
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, stop)() // a second signal ends it at once
	return r.run(ctx, os.Stdout)
}

// run gives the exit status.
func (r *exportRequest) run(ctx context.Context, w io.Writer) int {
	x := &export{request: r}
	err := x.open(w)
	if err == nil {
		err = x.replay(ctx)
	}
	for _, e := range append(parts(err), x.close(err != nil)...) {
		complain(e)
		err = e
	}
	switch {
	case err != nil:
		return result.StatusFailed
	case x.broken:
		return statusBroken
	}
	return 0
}

// parts are the errors that were joined.
func parts(err error) []error {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		var list []error
		for _, e := range all.Unwrap() {
			list = append(list, parts(e)...)
		}
		return list
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// open makes ready what events go to, and then finds where to go on.
func (x *export) open(w io.Writer) error {
	otelapi.SetErrorHandler(otelapi.ErrorHandlerFunc(complain))
	r := x.request
	if r.otlp != "" {
		sink, err := otel.New(otel.Options{Endpoint: r.otlp, Batch: mostBatch, Tell: complain})
		if err != nil {
			return err
		}
		x.outlets = append(x.outlets, &collector{sink: sink})
	}
	if r.journal {
		sink, err := journald.New(nil)
		if err != nil {
			return err
		}
		x.outlets = append(x.outlets, &daemon{"the journal", sink, func() error { return nil }})
	}
	if r.syslog {
		sink, err := syslog.New(r.syslogAt.network, r.syslogAt.address, nil)
		if err != nil {
			return err
		}
		x.outlets = append(x.outlets, &daemon{"syslog", sink, sink.Close})
	}
	if r.json {
		x.outlets = append(x.outlets, &lines{w})
	}
	if r.state == "" {
		return nil
	}
	var err error
	if x.state, err = openState(r.state); err != nil {
		return err
	}
	x.at, x.done = x.state.at, x.state.at
	return nil
}

// replay goes through the log.
func (x *export) replay(ctx context.Context) error {
	outCtx, cancel := afterwards(ctx)
	defer cancel()
	err := audit.Replay(ctx, x.request.file, audit.ReplayOptions{After: x.at, Wait: x.request.follow, Idle: func() error { return x.give(outCtx) }}, func(s audit.Step) error {
		x.take(&s)
		if len(x.batch) < mostBatch {
			return nil
		}
		return x.give(outCtx)
	})
	if x.failed == nil && err != nil {
		return errors.Join(err, x.give(outCtx))
	}
	if x.give(outCtx) == nil {
		return nil
	}
	return &Error{Op: "export", Object: x.request.file, Err: x.failed, Hint: "it has stopped behind seq " + strconv.FormatUint(x.done.Seq, 10)}
}

// afterwards is a context that ends a while after another: what was read when a
// signal came should still be exported.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return later, func() { stop(); cancel() }
}

// take puts a line into the batch, behind what is wrong with it.
func (x *export) take(s *audit.Step) {
	if s.Bad != nil {
		x.broken = true
		complain(s.Bad)
		x.batch = append(x.batch, item{event: audit.Event{Time: time.Now(), PID: os.Getpid(), Detail: &audit.Tamper{What: s.Bad.Error()}}})
	}
	if s.Entry != nil {
		x.batch = append(x.batch, item{s.Entry, append([]byte(nil), s.Line...), s.Entry.Event})
	}
	x.at = s.Mark
}

// give has each outlet take the batch, and writes down that they have.
func (x *export) give(ctx context.Context) error {
	if x.failed != nil || len(x.batch) == 0 {
		return x.failed
	}
	if x.request.patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, x.request.patience)
		defer cancel()
	}
	for _, o := range x.outlets {
		if err := o.give(ctx, x.batch); err != nil {
			x.failed = err
			return err
		}
	}
	x.batch, x.done = x.batch[:0], x.at
	x.failed = x.state.save(x.at)
	return x.failed
}

// close ends all, also what was opened before a failure; of what then waits the
// failure has told.
func (x *export) close(failed bool) (bad []error) {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if failed {
		cancel()
	}
	for _, o := range x.outlets {
		if err := o.close(ctx); !failed {
			bad = append(bad, parts(err)...)
		}
	}
	x.state.close()
	return bad
}
