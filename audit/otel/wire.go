package otel

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jailrun/jail/internal/escape"
	collector "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	"google.golang.org/protobuf/proto"
)

// wire is the HTTP client that the exporter is given. It remembers what the receiver
// answered, which the exporter's errors don't tell. It serves one request at a time.
type wire struct {
	transport *http.Transport
	status    int           // of the last answer; 0: none came
	after     time.Duration // how long the receiver wants to be left alone
	rejected  int64         // records of a batch that it took
	message   string        // what it says of them
}

const (
	mostAnswer = 64 << 10        // that is read of an answer
	mostText   = 200             // that is shown of it
	mostAfter  = 5 * time.Minute // that a receiver may ask for
)

func newWire() *wire {
	return &wire{transport: &http.Transport{ // Proxy is nil: no variable leads elsewhere
		DialContext:         (&net.Dialer{Timeout: presetAttempt, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: presetAttempt,
		MaxIdleConns:        1,
		IdleConnTimeout:     90 * time.Second,
	}}
}

func (w *wire) client() *http.Client {
	return &http.Client{Transport: w, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (w *wire) close() { w.transport.CloseIdleConnections() }

// RoundTrip sends a request, and reads the answer to its end.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.status, w.after, w.rejected, w.message = 0, 0, 0, ""
	resp, err := w.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil || len(body) == mostAnswer {
		body = nil // the status says what became of the records
	}
	_ = resp.Body.Close() // all that is wanted was read
	w.status = resp.StatusCode
	w.after = retryAfter(resp.Header.Get("Retry-After"))
	w.learn(resp.Header.Get("Content-Type"), body)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

// learn reads which records were rejected, of a batch that was taken.
func (w *wire) learn(kind string, body []byte) {
	var m collector.ExportLogsServiceResponse
	if w.status/100 != 2 {
		w.message = string(body)
	} else if kind == "application/x-protobuf" && proto.Unmarshal(body, &m) == nil {
		w.rejected, w.message = m.GetPartialSuccess().GetRejectedLogRecords(), m.GetPartialSuccess().GetErrorMessage()
	}
}

func retryAfter(text string) (d time.Duration) {
	if n, err := strconv.Atoi(text); err == nil {
		d = time.Duration(min(max(n, 0), int(mostAfter/time.Second))) * time.Second
	} else if t, err := http.ParseTime(text); err == nil {
		d = time.Until(t)
	}
	return min(max(d, 0), mostAfter)
}

// answer is what became of a batch.
type answer struct {
	again   bool // try it once more
	after   time.Duration
	refused int64 // so much of it was
	err     error
}

// answer judges the last request by what came back, and by the exporter's error where
// nothing did.
func (w *wire) answer(err error) answer {
	status := w.status
	w.status = 0
	switch {
	case err == nil:
		return answer{}
	case status == 0:
		return answer{again: true, err: cause{err}}
	case status/100 == 2 && w.rejected > 0:
		return answer{refused: w.rejected, err: fmt.Errorf("%d records %w%s", w.rejected, ErrPartly, shownMessage(w.message))}
	case status/100 == 2 && w.message != "":
		return answer{err: errors.New("it says" + shownMessage(w.message))}
	case status/100 == 2:
		return answer{} // it did not say so in the form that it should
	}
	err = fmt.Errorf("status %d%s", status, shownMessage(w.message))
	if status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status/100 == 5 {
		return answer{again: true, after: w.after, err: err}
	}
	return answer{refused: math.MaxInt64, err: fmt.Errorf("%w: %w", ErrRefused, err)}
}

// cause shows an error without what could act on a terminal.
type cause struct{ err error }

func (c cause) Error() string { return printable(c.err.Error()) }
func (c cause) Unwrap() error { return c.err }

func shownMessage(s string) string {
	if s = strings.TrimSpace(s); s == "" {
		return ""
	}
	if len(s) > mostText {
		s = s[:mostText] + "..."
	}
	return ": " + printable(s)
}

func printable(s string) string {
	return strings.ReplaceAll(escape.All(s), `\"`, `"`)
}

// shown writes a value of an event in words. Texts are printable already.
func shown(v any) string {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case []string:
		all := make([]string, len(v))
		for i, s := range v {
			all[i] = word(s)
		}
		return strings.Join(all, ",")
	case string:
		return word(v)
	}
	return ""
}

// word puts a text in quotes where it is more than a word; one of its own is escaped
// already.
func word(s string) string {
	if s == "" || strings.ContainsAny(s, ` =,"`) {
		return `"` + s + `"`
	}
	return s
}
