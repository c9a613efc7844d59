package audit

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"io"
	"os"
	"testing"
	"time"
)

// BenchmarkVerify holds a check of a log to what it takes to hash the same file and
// to decode its lines with encoding/json, in one run: x_faster is how many times
// as fast the check is.
func BenchmarkVerify(b *testing.B) {
	path := file(b)
	const lines = 1_000_000
	write(b, path, lines, Options{})
	var check, plainly time.Duration
	for b.Loop() {
		start := time.Now()
		r, err := Verify(background, path, VerifyOptions{})
		check += time.Since(start)
		must(b, err)
		if !r.Intact() || r.Lines != lines {
			b.Fatal(r.Lines, r.Problems)
		}
		start = time.Now()
		hashAndDecode(b, path)
		plainly += time.Since(start)
	}
	b.ReportMetric(plainly.Seconds()/check.Seconds(), "x_faster")
	b.ReportMetric(float64(b.N*lines)/check.Seconds(), "lines/s")
}

func hashAndDecode(b *testing.B, path string) {
	f, err := os.Open(path)
	must(b, err)
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	must(b, err)
	_, err = f.Seek(0, io.SeekStart)
	must(b, err)
	var v struct {
		Seq           uint64
		Prev, Type    string
		Jail, Program string
		PID           int
		Detail        json.RawMessage
		Time          time.Time
		Policy        string
		MonoNS        int64 `json:"mono_ns"`
		InnerPID      int   `json:"inner_pid"`
		Truncated     bool
		Schema        string
	}
	for s := bufio.NewScanner(f); s.Scan(); {
		must(b, json.Unmarshal(s.Bytes(), &v))
	}
}

func BenchmarkOpenFiveEventsClose(b *testing.B) {
	private, _, err := GenerateKey("k")
	must(b, err)
	for name, o := range map[string]Options{"plain": {}, "no timer": {Linger: -1}, "key": {Key: private}, "sync": {Sync: SyncFlush}} {
		b.Run(name, func(b *testing.B) {
			path := file(b)
			for b.Loop() {
				fiveEvents(b, path, o)
			}
		})
	}
	b.Run("new files", func(b *testing.B) {
		path := file(b)
		for b.Loop() {
			os.Remove(path)
			os.Remove(headOf(path))
			fiveEvents(b, path, Options{})
		}
	})
}

func fiveEvents(b *testing.B, path string, o Options) {
	l := open(b, path, o)
	for _, e := range some()[:5] {
		l.Emit(e)
	}
	must(b, l.Close(background))
}

func BenchmarkEmit(b *testing.B) {
	l := open(b, file(b), Options{Linger: -1, Events: 1 << 30, Bytes: 1 << 30})
	e := some()[2]
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		l.Emit(e)
		if i%4096 == 4095 {
			must(b, l.Flush(background))
		}
	}
}
