package otel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jailrun/jail/audit"
	"github.com/jailrun/jail/test/otlp"
	collector "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	"google.golang.org/protobuf/proto"
)

// told is what a sink's Tell was given.
type told struct {
	mu   sync.Mutex
	list []string
}

func (l *told) tell(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, err.Error())
}

func (l *told) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.list, "\n")
}

func start(t *testing.T, o Options) (*Sink, *told) {
	t.Helper()
	l := &told{}
	o.Tell = l.tell
	if o.Pause == 0 {
		o.Pause = time.Millisecond
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s, l
}

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func flush(t *testing.T, s *Sink) {
	t.Helper()
	if err := s.Flush(soon(t)); err != nil {
		t.Fatal(err)
	}
}

func denial(i int) audit.Event {
	return audit.Event{Jail: "j", PID: i + 1, Program: "./a.out", Policy: "sha256:00", Detail: &audit.Denial{Layer: "seccomp", Syscall: "mount", Errno: "EPERM", Count: int64(i)}}
}

// inOrder fails the test unless denials 0 to n-1 came once each, in their order.
func inOrder(t *testing.T, r *otlp.Receiver, n int) {
	t.Helper()
	all := r.Records()
	if len(all) != n {
		t.Fatalf("%d records of %d", len(all), n)
	}
	for i := range all {
		if all[i].Number("jail.denial.count") != int64(i) {
			t.Fatalf("record %d is of event %d", i, all[i].Number("jail.denial.count"))
		}
	}
}

func TestAThousandEventsArriveOnceInOrderWithAllTheySay(t *testing.T) {
	r := otlp.Start(t, "", nil)
	s, l := start(t, Options{Endpoint: r.URL, Host: "host-1", Queue: 1000})
	before := time.Now()
	for i := range 1000 {
		e := audit.Entry{Event: denial(i), Seq: uint64(i + 1)}
		e.Time = time.Unix(1, int64(i))
		s.EmitEntry(&e)
	}
	flush(t, s)
	inOrder(t, r, 1000)
	for i, rec := range r.Records() {
		if rec.TimeUnixNano != 1e9+uint64(i) || int64(rec.ObservedTimeUnixNano) < before.UnixNano() || rec.SeverityNumber != logs.SeverityNumber_SEVERITY_NUMBER_WARN || rec.EventName != "jail.denial" {
			t.Fatalf("record %d: %v", i, rec.LogRecord)
		}
		got := fmt.Sprint(rec.Resource["service.name"].GetStringValue(), rec.Resource["host.name"].GetStringValue(), rec.Text("jail.id"), rec.Text("jail.event"), rec.Number("jail.pid"),
			rec.Text("jail.program"), rec.Text("jail.policy"), rec.Text("jail.denial.syscall"), rec.Number("jail.seq"), rec.Body.GetStringValue())
		want := fmt.Sprint("jail", "host-1", "j", "denial", i+1, "./a.out", "sha256:00", "mount", i+1, "denial program=./a.out layer=seccomp syscall=mount errno=EPERM count=", i)
		if got != want {
			t.Fatalf("record %d: %s, not %s", i, got, want)
		}
	}
	if err := s.Close(soon(t)); err != nil || l.String() != "" || s.Counts() != (Counts{Sent: 1000}) {
		t.Errorf("%v, %q, %+v", err, l, s.Counts())
	}
	if r.Requests() != 8 { // of 128 at most
		t.Errorf("%d requests", r.Requests())
	}
}

func TestSeverityFollowsFromTheType(t *testing.T) {
	r := otlp.Start(t, "", nil)
	s, _ := start(t, Options{Endpoint: r.URL})
	zero := 0
	for _, d := range []audit.Detail{&audit.Tamper{What: "a\x1b\nb"}, &audit.Drop{Count: 2}, &audit.Denial{}, &audit.Limit{}, &audit.Kill{}, &audit.Verdict{Reason: "exited", ExitCode: &zero}, &audit.Launch{Argv: []string{"a", "b c"}}} {
		s.Emit(audit.Event{Detail: d})
	}
	s.Emit(audit.Event{}) // says nothing
	flush(t, s)
	var got string
	for _, rec := range r.Records() {
		got += rec.SeverityText + " " + rec.Body.GetStringValue() + "\n"
	}
	want := "ERROR tamper what=a\\u001b\\u000ab\nERROR drop count=2\nWARN denial count=0\nWARN limit limit=0 value=0\nWARN kill\nINFO verdict reason=exited exit_code=0\nINFO launch argv=a,\"b c\" uid=0\n"
	if got != want {
		t.Errorf("%s not\n%s", got, want)
	}
}

func TestSecretsAreTakenOut(t *testing.T) {
	r := otlp.Start(t, "", nil)
	redactor, err := audit.NewRedactor([]string{"s3cret"})
	if err != nil {
		t.Fatal(err)
	}
	s, _ := start(t, Options{Endpoint: r.URL, Redactor: redactor})
	s.Emit(audit.Event{Program: "s3cret", Detail: &audit.Launch{Argv: []string{"s3cret"}}})
	flush(t, s)
	if text := fmt.Sprint(r.Records()); strings.Contains(text, "s3cret") || !strings.Contains(text, "[redacted]") {
		t.Error(text)
	}
}

func TestAReceiverThatRecoversMissesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		want   string
		answer func(n int, w http.ResponseWriter, r *http.Request)
	}{
		"500": {"status 500: broken\\x1b[2J", func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte("broken\x1b[2J"))
		}},
		"429": {"status 429", func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		}},
		"slow":     {"deadline exceeded", func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		"hangs up": {"EOF", func(_ int, w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var at []time.Time
			r := otlp.Start(t, "", func(n int, w http.ResponseWriter, r *http.Request) bool {
				at = append(at, time.Now())
				if n < 2 || n > 4 {
					return false
				}
				c.answer(n, w, r)
				return true
			})
			s, l := start(t, Options{Endpoint: r.URL, Batch: 10, Attempt: 300 * time.Millisecond})
			for i := range 100 {
				s.Emit(denial(i))
			}
			flush(t, s)
			inOrder(t, r, 100)
			if n := strings.Count(l.String(), "\n") + 1; n != 1 || !strings.Contains(l.String(), c.want) || strings.Contains(l.String(), "\x1b") {
				t.Errorf("it was told %q", l)
			}
			if name == "429" && at[2].Sub(at[1]) < time.Second {
				t.Errorf("tried again after %v", at[2].Sub(at[1]))
			}
		})
	}
}

func TestAReceiverThatIsDownIsAwaited(t *testing.T) {
	gone := otlp.Start(t, "", nil)
	gone.Stop()
	s, l := start(t, Options{Endpoint: gone.URL})
	for i := range 10 {
		s.Emit(denial(i))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if err := s.Flush(ctx); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("%v", err)
	}
	if c := s.Counts(); c.Waiting != 10 || !strings.Contains(l.String(), "connection refused") {
		t.Errorf("%+v, %q", c, l)
	}
	r := otlp.Start(t, gone.Address(), nil)
	flush(t, s)
	inOrder(t, r, 10)
}

func TestCloseSaysWhatIsLost(t *testing.T) {
	gone := otlp.Start(t, "", nil)
	gone.Stop()
	s, _ := start(t, Options{Endpoint: gone.URL})
	for i := range 7 {
		s.Emit(denial(i))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if err := s.Close(ctx); !errors.Is(err, audit.ErrLost) || !strings.Contains(err.Error(), "7 events were not taken") || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("%v", err)
	}
	if err := s.Flush(soon(t)); err != nil && !errors.Is(err, audit.ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestAFullQueueCountsAndTells(t *testing.T) {
	open := make(chan struct{})
	r := otlp.Start(t, "", func(int, http.ResponseWriter, *http.Request) bool { <-open; return false })
	s, l := start(t, Options{Endpoint: r.URL, Queue: 20, Batch: 10})
	for i := range 50 {
		s.Emit(denial(i))
	}
	if c := s.Counts(); c.Dropped != 30 || c.Waiting != 20 {
		t.Errorf("%+v", c)
	}
	close(open)
	err := s.Flush(soon(t))
	if err = errors.Join(err, s.Close(soon(t))); !errors.Is(err, audit.ErrLost) || !strings.Contains(err.Error(), "30 events did not fit into the queue") {
		t.Errorf("%v", err)
	}
	all := r.Records()
	if len(all) != 21 || !strings.Contains(l.String(), "30 events did not fit") {
		t.Fatalf("%d records, it was told %q", len(all), l)
	}
	drops := int64(0)
	for _, rec := range all {
		drops += rec.Number("jail.drop.count")
	}
	if drops != 30 {
		t.Errorf("%d are told to the receiver", drops)
	}
}

func TestARefusalIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		want    Counts
		text    string
		partial bool
		status  int
	}{
		"all":      {Counts{Refused: 10}, "was refused: status 403", false, http.StatusForbidden},
		"redirect": {Counts{Refused: 10}, "was refused: status 307", false, http.StatusTemporaryRedirect},
		"some":     {Counts{Sent: 7, Refused: 3}, "3 records were refused: too old", true, 200},
	} {
		elsewhere := otlp.Start(t, "", nil)
		r := otlp.Start(t, "", func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Location", elsewhere.URL+"/v1/logs")
			w.Header().Set("Content-Type", "application/x-protobuf")
			w.WriteHeader(c.status)
			if c.partial {
				b, _ := proto.Marshal(&collector.ExportLogsServiceResponse{PartialSuccess: &collector.ExportLogsPartialSuccess{RejectedLogRecords: 3, ErrorMessage: "too old"}})
				_, _ = w.Write(b)
			}
			return true
		})
		s, l := start(t, Options{Endpoint: r.URL})
		for i := range 10 {
			s.Emit(denial(i))
		}
		err := s.Flush(soon(t))
		if errors.Is(err, ErrRefused) == c.partial || errors.Is(err, ErrPartly) != c.partial || !strings.Contains(err.Error(), c.text) || !strings.Contains(l.String(), c.text) || s.Counts() != c.want || elsewhere.Requests() != 0 {
			t.Errorf("%s: %v, %q, %+v", name, err, l, s.Counts())
		}
		if err := s.Close(soon(t)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// No variable leads records elsewhere, adds to what is sent but to the resource, or
// keeps them from being sent.
func TestTheEnvironmentLeadsNowhere(t *testing.T) {
	elsewhere := otlp.Start(t, "", nil)
	for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "HTTP_PROXY", "http_proxy", "ALL_PROXY"} {
		t.Setenv(name, elsewhere.URL)
	}
	for name, v := range map[string]string{
		"OTEL_EXPORTER_OTLP_HEADERS": "x-other=1", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere", "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
		"OTEL_EXPORTER_OTLP_INSECURE": "false", "OTEL_SERVICE_NAME": "other", "OTEL_SDK_DISABLED": "true", "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT": "1", "OTEL_BLRP_MAX_QUEUE_SIZE": "1",
		"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test,service.name=other,host.name=other", "NO_PROXY": "",
	} {
		t.Setenv(name, v)
	}
	var header http.Header
	r := otlp.Start(t, "", func(_ int, _ http.ResponseWriter, r *http.Request) bool { header = r.Header; return false })
	s, l := start(t, Options{Endpoint: r.URL, Host: "host-1"})
	for i := range 10 {
		s.Emit(denial(i))
	}
	flush(t, s)
	inOrder(t, r, 10)
	rec := r.Records()[0]
	if elsewhere.Requests() != 0 || header.Get("X-Other") != "" || header.Get("Content-Encoding") != "" || len(rec.Attributes) < 8 || l.String() != "" {
		t.Errorf("%v, %v, %q", header, rec.Attributes, l)
	}
	if rec.Resource["service.name"].GetStringValue() != "jail" || rec.Resource["host.name"].GetStringValue() != "host-1" || rec.Resource["deployment.environment.name"].GetStringValue() != "test" {
		t.Errorf("%v", rec.Resource)
	}
}

func TestAnEndpointIsAURL(t *testing.T) {
	for _, bad := range []string{"", "127.0.0.1:4318", "grpc://h:1", "http://", "http://:4318", "http://u:p@h:1", "http://h:1?x=1", "http://h:1#x", "http:h", "http://h:x", "unix:///s"} {
		if s, err := New(Options{Endpoint: bad}); err == nil {
			t.Errorf("%q is taken", bad)
			_ = s.Close(soon(t))
		}
	}
	for _, o := range []Options{{Queue: -1}, {Batch: -1}, {Linger: -1}, {Attempt: -1}, {Pause: -1}} {
		o.Endpoint = "http://h:1"
		if _, err := New(o); !errors.Is(err, audit.ErrOption) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
