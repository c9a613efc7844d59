// Package otlp is a receiver of OpenTelemetry log records by HTTP, for tests.
package otlp

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	"google.golang.org/protobuf/proto"
)

// Record is a record as it came, with what the test asks for.
type Record struct {
	*logs.LogRecord
	Attributes map[string]*common.AnyValue
	Resource   map[string]*common.AnyValue
}

// Text is an attribute's text, "" where it has none.
func (r *Record) Text(key string) string { return r.Attributes[key].GetStringValue() }

// Number is an attribute's number.
func (r *Record) Number(key string) int64 { return r.Attributes[key].GetIntValue() }

// Receiver keeps what it takes.
type Receiver struct {
	URL string

	mu       sync.Mutex
	records  []Record
	requests int
	answer   func(int, http.ResponseWriter, *http.Request) bool
	server   *http.Server
	ended    sync.WaitGroup
}

// Start begins to receive at 127.0.0.1, on a port of its own where address is "".
// Before a request is taken, answer, if there is one, is called with its number from
// 1; where that gives true it has answered, and nothing is taken.
func Start(t testing.TB, address string, answer func(int, http.ResponseWriter, *http.Request) bool) *Receiver {
	t.Helper()
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	r := &Receiver{URL: "http://" + l.Addr().String(), answer: answer}
	r.server = &http.Server{Handler: http.HandlerFunc(r.serve), ReadHeaderTimeout: time.Minute}
	r.ended.Go(func() { _ = r.server.Serve(l) })
	t.Cleanup(r.Stop)
	return r
}

// Stop ends it; nobody listens any more when it returns.
func (r *Receiver) Stop() {
	_ = r.server.Close()
	r.ended.Wait()
}

// Address is host and port.
func (r *Receiver) Address() string { return strings.TrimPrefix(r.URL, "http://") }

func (r *Receiver) serve(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.requests++
	n := r.requests
	r.mu.Unlock()
	body, err := io.ReadAll(req.Body)
	if r.answer != nil && r.answer(n, w, req) {
		return
	}
	var m collector.ExportLogsServiceRequest
	if err != nil || req.URL.Path != "/v1/logs" || req.Method != http.MethodPost || proto.Unmarshal(body, &m) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.take(&m)
	b, _ := proto.Marshal(&collector.ExportLogsServiceResponse{})
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(b)
}

func (r *Receiver) take(m *collector.ExportLogsServiceRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rl := range m.ResourceLogs {
		resource := mapOf(rl.Resource.GetAttributes())
		for _, sl := range rl.ScopeLogs {
			for _, rec := range sl.LogRecords {
				r.records = append(r.records, Record{rec, mapOf(rec.Attributes), resource})
			}
		}
	}
}

func mapOf(all []*common.KeyValue) map[string]*common.AnyValue {
	m := map[string]*common.AnyValue{}
	for _, kv := range all {
		m[kv.Key] = kv.Value
	}
	return m
}

// Records are those that it took so far.
func (r *Receiver) Records() []Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Record(nil), r.records...)
}

// Requests is how many came.
func (r *Receiver) Requests() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests
}
