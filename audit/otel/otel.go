// Package otel gives audit events to an OpenTelemetry receiver, as log records by
// OTLP over HTTP. It is for cmd/jaild alone: the SDK links a great deal.
//
// Records go to the endpoint that is named and to no other: a redirect is a refusal,
// and no proxy is used. Of the environment only OTEL_RESOURCE_ATTRIBUTES counts, which
// may add to the resource but changes nothing that is set here; all other variables
// of OpenTelemetry's and those of proxies are without effect.
package otel

import (
	"context"
	"crypto/tls"
	"errors"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jailrun/jail/audit"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/log"
	sdk "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
)

// Options say where records go, and how long they may wait. Only Endpoint must be
// given.
type Options struct {
	Endpoint string          // http://HOST:PORT, or https; without a path it is /v1/logs
	Host     string          // host.name; "": the host's
	Queue    int             // records that wait at most; 0: 2048
	Batch    int             // records in one request at most; 0: 128, less than 9 MB of the longest lines
	Linger   time.Duration   // how long a record may wait for others; 0: 200 ms
	Attempt  time.Duration   // the deadline of one request; 0: 10 s
	Pause    time.Duration   // before the second attempt, twice that before the third and so on up to 60 times; 0: 500 ms
	Redactor *audit.Redactor // takes secrets out
	Tell     func(error)     // is told what goes wrong, when it begins and once a minute while it lasts; nil: nobody is
}

// The values of options that are not given.
const (
	presetQueue   = 2048
	presetBatch   = 128
	presetLinger  = 200 * time.Millisecond
	presetAttempt = 10 * time.Second
	presetPause   = 500 * time.Millisecond
)

const defaultPath = "/v1/logs"

// The mistakes.
var (
	ErrEndpoint = errors.New("is no endpoint")
	ErrRefused  = errors.New("was refused")  // a batch, as a whole
	ErrPartly   = errors.New("were refused") // records of a batch of which the others were taken
)

// Sink turns events into records, and sends them in their order. What the receiver
// does not take for now waits and is tried again until Close: a batch after a failed
// one can't overtake it. What does not fit into the queue is counted, told, and
// reported in a drop event when there is room again.
type Sink struct {
	options  Options
	provider *sdk.LoggerProvider
	logger   log.Logger
	queue    *queue
}

// New makes a sink. It does not look whether anybody is there.
func New(o Options) (*Sink, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	u, err := parse(o.Endpoint)
	if err != nil {
		return nil, err
	}
	wire := newWire()
	exporter, err := otlploghttp.New(context.Background(), wire.options(u)...)
	if err != nil {
		return nil, &audit.Error{Op: "export to", Object: o.Endpoint, Err: err}
	}
	s := &Sink{options: o}
	s.queue = newQueue(&s.options, exporter, wire)
	s.provider = sdk.NewLoggerProvider(
		sdk.WithProcessor(s.queue),
		sdk.WithAttributeCountLimit(-1), sdk.WithAttributeValueLengthLimit(-1), // lines are bounded already
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "jail"), attribute.String("host.name", o.Host))),
	)
	s.logger = s.provider.Logger("github.com/jailrun/jail/audit/otel")
	s.queue.dropped = func(n int64) { s.emit(&audit.Event{PID: os.Getpid(), Detail: &audit.Drop{Count: n}}, 0, false) }
	return s, nil
}

func (o *Options) fill() error {
	for _, v := range [...]struct {
		name          string
		value, preset *int
	}{{"Queue", &o.Queue, new(presetQueue)}, {"Batch", &o.Batch, new(presetBatch)}} {
		if *v.value < 0 {
			return &audit.Error{Object: v.name, Err: audit.ErrOption, Hint: "give it 0 or more"}
		}
		if *v.value == 0 {
			*v.value = *v.preset
		}
	}
	for _, v := range [...]struct {
		name   string
		value  *time.Duration
		preset time.Duration
	}{{"Linger", &o.Linger, presetLinger}, {"Attempt", &o.Attempt, presetAttempt}, {"Pause", &o.Pause, presetPause}} {
		if *v.value < 0 {
			return &audit.Error{Object: v.name, Err: audit.ErrOption, Hint: "give it 0 or more"}
		}
		if *v.value == 0 {
			*v.value = v.preset
		}
	}
	if o.Tell == nil {
		o.Tell = func(error) {}
	}
	if o.Host == "" {
		o.Host, _ = os.Hostname() // it is in /proc/sys, and "" where that is not to be had
	}
	return nil
}

// parse takes only what is used: a part that would be passed over silently is a
// mistake.
func parse(endpoint string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.User != nil, u.RawQuery != "", u.Fragment != "", u.Opaque != "", u.ForceQuery:
	default:
		if u.Path == "" || u.Path == "/" {
			u.Path = defaultPath
		}
		return u, nil
	}
	return nil, &audit.Error{Object: endpoint, Err: ErrEndpoint, Hint: "write http://HOST:PORT, as http://127.0.0.1:4318"}
}

// options sets whatever the exporter would else read from the environment.
func (w *wire) options(u *url.URL) []otlploghttp.Option {
	return []otlploghttp.Option{
		otlploghttp.WithEndpointURL(u.String()),
		otlploghttp.WithHTTPClient(w.client()),
		otlploghttp.WithHeaders(map[string]string{}),
		otlploghttp.WithCompression(otlploghttp.NoCompression),
		otlploghttp.WithTLSClientConfig((*tls.Config)(nil)), // the client has its own
		otlploghttp.WithTimeout(presetAttempt),
		otlploghttp.WithRetry(otlploghttp.RetryConfig{}), // the queue does that
	}
}

// Emit takes an event over. It never waits.
func (s *Sink) Emit(e audit.Event) {
	if e.Detail != nil {
		s.emit(&e, 0, false)
	}
}

// EmitEntry takes over an event that was read from a log; its number goes with it, by
// which a receiver can tell that it has the event already.
func (s *Sink) EmitEntry(e *audit.Entry) { s.emit(&e.Event, e.Seq, e.Truncated) }

func (s *Sink) emit(e *audit.Event, seq uint64, truncated bool) {
	s.logger.Emit(context.Background(), record(e, s.options.Redactor, seq, truncated))
}

// Flush waits until all that was emitted before is taken or refused. The error is of
// what was refused or dropped since the last Flush, or says why the rest waits still
// when the context ends.
func (s *Sink) Flush(ctx context.Context) error { return s.queue.flush(ctx) }

// Close sends what waits, until the context ends, and ends the sink. The error says
// how much is lost.
func (s *Sink) Close(ctx context.Context) error {
	err := s.queue.close(ctx)
	return errors.Join(err, s.provider.Shutdown(context.Background())) // the queue has ended: nothing of it waits
}

// Counts are what became of events.
type Counts struct {
	Sent    int64 // the receiver has taken them
	Refused int64 // it never will
	Dropped int64 // the queue was full
	Waiting int64
}

// Counts says what became of all events so far.
func (s *Sink) Counts() Counts { return s.queue.counts() }

// severityOf says whether somebody should look.
func severityOf(t audit.Type) (log.Severity, string) {
	switch t.Severity() {
	case audit.Broken:
		return log.SeverityError, "ERROR"
	case audit.Worth:
		return log.SeverityWarn, "WARN"
	}
	return log.SeverityInfo, "INFO"
}

// mostBody bounds a record's body: all of it stands in the attributes.
const mostBody = 1024

// record makes the record of an event.
func record(e *audit.Event, redactor *audit.Redactor, seq uint64, truncated bool) (r log.Record) {
	now := time.Now()
	kind := e.Detail.Type()
	severity, text := severityOf(kind)
	r.SetEventName("jail." + string(kind))
	r.SetTimestamp(e.Time)
	if e.Time.IsZero() {
		r.SetTimestamp(now)
	}
	r.SetObservedTimestamp(now)
	r.SetSeverity(severity)
	r.SetSeverityText(text)
	values := e.Values(redactor)
	r.SetBody(attribute.StringValue(words(string(kind), values)))
	for _, v := range values {
		r.AddAttributes(attributeOf(string(kind), v))
	}
	if seq > 0 {
		r.AddAttributes(attribute.Int64("jail.seq", int64(seq))) // #nosec G115 -- no log has 2^63 lines
	}
	if truncated {
		r.AddAttributes(attribute.Bool("jail.truncated", true))
	}
	return r
}

// names are those of values whose key would say too little.
var names = map[string]string{"type": "jail.event", "jail": "jail.id"}

func attributeOf(kind string, v audit.Value) attribute.KeyValue {
	key := "jail." + v.Key
	if v.Detail {
		key = "jail." + kind + "." + v.Key
	} else if name := names[v.Key]; name != "" {
		key = name
	}
	switch is := v.Is.(type) {
	case int64:
		return attribute.Int64(key, is)
	case []string:
		return attribute.StringSlice(key, is)
	}
	text, _ := v.Is.(string)
	return attribute.String(key, text)
}

// notMain are values that a reader of the body seldom wants.
var notMain = map[string]bool{"args": true, "first_ns": true, "last_ns": true, "note": true, "enforced": true}

// words are the type and the main values, in printable ASCII.
func words(kind string, values []audit.Value) string {
	var b strings.Builder
	b.WriteString(kind)
	for _, v := range values {
		if v.Key == "program" || v.Detail && !notMain[v.Key] {
			b.WriteString(" " + v.Key + "=" + shown(v.Is))
		}
	}
	if text := b.String(); len(text) > mostBody {
		return text[:mostBody-3] + "..."
	}
	return b.String()
}
