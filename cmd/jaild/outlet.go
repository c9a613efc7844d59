package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/jailrun/jail/audit"
	"github.com/jailrun/jail/audit/otel"
)

// item is what is exported: an entry of the log, or an event of what is wrong with it.
type item struct {
	entry *audit.Entry // nil: of the export's own
	line  []byte
	event audit.Event
}

// outlet is where events go.
type outlet interface {
	give(ctx context.Context, batch []item) error // returns when it has them all, or says why not
	close(ctx context.Context) error
}

// collector is an OpenTelemetry receiver. What it refuses of a batch of which it has
// taken the rest was told, and would be refused again.
type collector struct {
	sink   *otel.Sink
	partly bool
}

func (c *collector) give(ctx context.Context, batch []item) error {
	for i := range batch {
		if it := &batch[i]; it.entry != nil {
			c.sink.EmitEntry(it.entry)
		} else {
			c.sink.Emit(it.event)
		}
	}
	err := c.sink.Flush(ctx)
	for _, e := range parts(err) {
		if !errors.Is(e, otel.ErrPartly) {
			return err
		}
	}
	c.partly = c.partly || err != nil
	return nil
}

func (c *collector) close(ctx context.Context) error {
	err := c.sink.Close(ctx)
	if c.partly {
		err = errors.Join(err, &Error{Op: "export to", Object: "the collector", Err: errPartly, Hint: "the lines above say why"})
	}
	return err
}

// counting is a sink that says only how many events it could not pass on: those of
// the journal and of syslog.
type counting interface {
	audit.Sink
	Lost() int64
}

// daemon is a service of the host's.
type daemon struct {
	name string
	sink counting
	stop func() error
}

// Between two attempts.
const (
	firstPause = 100 * time.Millisecond
	mostPause  = 10 * time.Second
)

func (d *daemon) give(ctx context.Context, batch []item) error {
	for i := range batch {
		if err := d.giveOne(ctx, &batch[i].event); err != nil {
			return err
		}
	}
	return nil
}

// giveOne tries until the service has taken an event.
func (d *daemon) giveOne(ctx context.Context, e *audit.Event) error {
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		before := d.sink.Lost()
		d.sink.Emit(*e)
		if d.sink.Lost() == before {
			return nil
		}
		if pause == firstPause {
			complain(&Error{Op: "export to", Object: d.name, Err: errNotTaken, Hint: "is it running? It is tried again"})
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return &Error{Op: "export to", Object: d.name, Err: errNotTaken}
		}
	}
}

func (d *daemon) close(context.Context) error { return d.stop() }

// lines are the log's own lines, as they stand, on standard output.
type lines struct{ w io.Writer }

// finding is the line of what is no line of the log's.
type finding struct {
	Schema   string     `json:"schema"`
	Severity string     `json:"severity"`
	Type     audit.Type `json:"type"`
	Time     time.Time  `json:"time"`
	What     string     `json:"what"`
}

func (l *lines) give(_ context.Context, batch []item) error {
	w := bufio.NewWriter(l.w)
	for _, it := range batch {
		line := it.line
		if tamper, ok := it.event.Detail.(*audit.Tamper); ok && it.entry == nil {
			var err error
			if line, err = json.Marshal(finding{stateSchema, "error", audit.TypeTamper, it.event.Time, tamper.What}); err != nil {
				return err
			}
		}
		_, _ = w.Write(line) // Flush has the error
		_ = w.WriteByte('\n')
	}
	if err := w.Flush(); err != nil {
		return &Error{Op: "write to", Object: "standard output", Err: err}
	}
	return nil
}

func (l *lines) close(context.Context) error { return nil }
