package watch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// relay runs one relay to its end.
func relay(t testing.TB, o RelayOptions) Totals {
	t.Helper()
	l := newLoop(t)
	o.OnEOF = l.Stop
	r, err := NewRelay(l, o)
	if err != nil {
		t.Fatal(err)
	}
	run(t, l)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := r.Join(ctx); err != nil {
		t.Error(err)
	}
	if got := r.Totals(); got.Taken != r.Passed() {
		t.Errorf("taken %d, passed %d", got.Taken, r.Passed())
	}
	return r.Totals()
}

// feed writes n bytes of a pattern to w from a goroutine, and closes it.
func feed(w int, n int) {
	go func() {
		f := os.NewFile(uintptr(w), "feed")
		defer f.Close()
		io.Copy(f, io.LimitReader(pattern{}, int64(n)))
	}()
}

type pattern struct{}

func (pattern) Read(p []byte) (int, error) {
	n := copy(p, "0123456789abcdef")
	for n < len(p) {
		n += copy(p[n:], p[:n])
	}
	return n, nil
}

// gather reads all of r in a goroutine.
func gather(r int) <-chan []byte {
	c := make(chan []byte, 1)
	go func() {
		f := os.NewFile(uintptr(r), "gather")
		defer f.Close()
		b, _ := io.ReadAll(f)
		c <- b
	}()
	return c
}

func TestHundredMegabytesPass(t *testing.T) {
	const size = 100 << 20
	r, w := pipe(t)
	r2, w2 := pipe(t)
	n := make(chan int64, 1)
	go func() {
		f := os.NewFile(uintptr(r2), "")
		defer f.Close()
		c, _ := io.Copy(io.Discard, f)
		n <- c
	}()
	feed(w, size)
	got := relay(t, RelayOptions{From: Own(r), To: Own(w2), Limit: Unlimited})
	if c := <-n; c != size || got.Delivered != size || got.Err != nil {
		t.Errorf("arrived %d, %+v", c, got)
	}
}

func TestExactlyTheLimitIsDelivered(t *testing.T) {
	for _, tt := range []struct {
		name        string
		size, limit int
	}{
		{"below", 999, 1000},
		{"equal", 1000, 1000},
		{"one more", 1001, 1000},
		{"far more", 5 << 20, 100_001},
		{"nothing allowed", 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, w := pipe(t)
			r2, w2 := pipe(t)
			all := gather(r2)
			feed(w, tt.size)
			trips := 0
			got := relay(t, RelayOptions{From: Own(r), To: Own(w2), Limit: int64(tt.limit),
				OnLimit: func() { trips++ }})
			want := Totals{Taken: int64(tt.size), Delivered: int64(min(tt.size, tt.limit)), Truncated: tt.size > tt.limit}
			sent := make([]byte, want.Delivered)
			pattern{}.Read(sent)
			if b := <-all; !bytes.Equal(b, sent) || got != want {
				t.Errorf("arrived %d, got %+v, want %+v", len(b), got, want)
			}
			if (trips == 1) != want.Truncated {
				t.Errorf("OnLimit called %d times", trips)
			}
		})
	}
}

func TestRestCloseGivesTheWriterEPIPE(t *testing.T) {
	r, w := pipe(t)
	wrote := make(chan error, 1)
	go func() {
		f := os.NewFile(uintptr(w), "")
		defer f.Close()
		_, err := io.Copy(f, pattern{})
		wrote <- err
	}()
	var out bytes.Buffer
	got := relay(t, RelayOptions{From: Own(r), To: ToWriter(&out), Limit: 10, Rest: RestClose})
	if err := <-wrote; !errors.Is(err, unix.EPIPE) {
		t.Errorf("writer: %v", err)
	}
	if out.String() != "0123456789" || !got.Truncated {
		t.Errorf("out %q, %+v", out.String(), got)
	}
}

func TestSlowReaderNeitherBlocksNorSpinsTheLoop(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(fd int) End
	}{{"owned", Own}, {"borrowed", Borrow}} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLoop(t)
			r, w := pipe(t)
			r2, w2 := pipe(t)
			feed(w, 1<<20)
			var all <-chan []byte
			rel, err := NewRelay(l, RelayOptions{From: Own(r), To: tt.end(w2), Limit: Unlimited, OnEOF: l.Stop})
			if err != nil {
				t.Fatal(err)
			}
			var cpu time.Duration
			l.At(time.Now().Add(20*time.Millisecond), func() { cpu = processCPU() })
			l.At(time.Now().Add(80*time.Millisecond), func() {
				if rel.Totals().Delivered == 0 || rel.Ended() {
					t.Errorf("nobody reads: %+v, ended %v", rel.Totals(), rel.Ended())
				}
				if used := processCPU() - cpu; used > 30*time.Millisecond {
					t.Errorf("spun for %v", used)
				}
				all = gather(r2)
			})
			run(t, l)
			if tt.name == "borrowed" {
				unix.Close(w2)
			}
			if b := <-all; len(b) != 1<<20 {
				t.Errorf("arrived %d", len(b))
			}
		})
	}
}

func TestFileThatIsAlwaysReadyDoesNotSpinWhileTheProgramReadsNothing(t *testing.T) {
	f, err := os.Open("/dev/zero")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l := newLoop(t)
	r2, w2 := pipe(t)
	defer unix.Close(r2)
	rel, err := NewRelay(l, RelayOptions{From: FromReader(f), To: Own(w2), Limit: Unlimited})
	if err != nil {
		t.Fatal(err)
	}
	defer rel.Close()
	var cpu time.Duration
	l.At(time.Now().Add(20*time.Millisecond), func() { cpu = processCPU() })
	l.At(time.Now().Add(80*time.Millisecond), l.Stop)
	run(t, l)
	if used := processCPU() - cpu; used > 30*time.Millisecond {
		t.Errorf("spun for %v", used)
	}
}

// processCPU is the CPU time of this process: the other goroutines wait too.
func processCPU() time.Duration {
	var ts unix.Timespec
	unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts)
	return time.Duration(ts.Nano())
}

func TestFailedDestinationIsRecordedAndTheProgramGoesOn(t *testing.T) {
	closed := func(t *testing.T) End {
		r, w := pipe(t)
		unix.Close(r)
		return Own(w)
	}
	borrowed := func(t *testing.T) End {
		r, w := pipe(t)
		unix.Close(r)
		t.Cleanup(func() { unix.Close(w) })
		return Borrow(w)
	}
	full := func(t *testing.T) End {
		f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return ToWriter(f)
	}
	bad := func(t *testing.T) End { return Borrow(1 << 20) }
	broken := func(t *testing.T) End { return ToWriter(brokenWriter{}) }
	socket := func(t *testing.T) End {
		p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(p[0])
		t.Cleanup(func() { unix.Close(p[1]) })
		return Borrow(p[1])
	}
	for _, tt := range []struct {
		name string
		end  func(*testing.T) End
		want error
	}{
		{"closed pipe", closed, unix.EPIPE},
		{"closed shared pipe", borrowed, unix.EPIPE},
		{"closed socket", socket, unix.EPIPE},
		{"full disk", full, unix.ENOSPC},
		{"bad descriptor", bad, unix.EBADF},
		{"broken writer", broken, io.ErrShortWrite},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, w := pipe(t)
			feed(w, 1<<20)
			got := relay(t, RelayOptions{From: Own(r), To: tt.end(t), Limit: Unlimited})
			if !errors.Is(got.Err, tt.want) || got.Taken != 1<<20 || got.Delivered != 0 {
				t.Errorf("got %+v", got)
			}
			var e *Error
			if !errors.As(got.Err, &e) {
				t.Errorf("%T is no *Error", got.Err)
			}
		})
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, nil }

func TestAppendedFileKeepsWhatItHadAndGetsAll(t *testing.T) {
	for _, flags := range []int{os.O_APPEND, 0} {
		name := filepath.Join(t.TempDir(), "out")
		if err := os.WriteFile(name, []byte("before"), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(name, os.O_WRONLY|flags, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		f.Seek(6, io.SeekStart)
		r, w := pipe(t)
		feed(w, 300_000)
		got := relay(t, RelayOptions{From: Own(r), To: ToWriter(f), Limit: Unlimited})
		b, _ := os.ReadFile(name)
		if got.Delivered != 300_000 || len(b) != 300_006 || !bytes.HasPrefix(b, []byte("before0123")) {
			t.Errorf("flags %#x: %+v, file has %d bytes", flags, got, len(b))
		}
	}
}

func TestNoDestinationCounts(t *testing.T) {
	r, w := pipe(t)
	feed(w, 1<<20)
	trips := 0
	got := relay(t, RelayOptions{From: Own(r), Limit: 1000, OnLimit: func() { trips++ }})
	if got.Taken != 1<<20 || got.Delivered != 0 || !got.Truncated || trips != 1 {
		t.Errorf("got %+v, %d trips", got, trips)
	}
}

// A relay's share of a turn may end at any step: with the source's end seen, a
// limit passed, or bytes still to be written.
func TestRelayEndsWhateverStepItsShareEndsWith(t *testing.T) {
	for chunks := range 2*rounds + 1 {
		for _, extra := range []int{0, 1} {
			size := chunks*bufferSize + extra
			in := strings.Repeat("x", size)
			var out bytes.Buffer
			for name, o := range map[string]RelayOptions{
				"counted":  {From: FromReader(strings.NewReader(in))},
				"kept":     {From: FromReader(strings.NewReader(in)), To: ToWriter(&out), Limit: Unlimited},
				"written":  {From: FromReader(strings.NewReader(in)), To: ToWriter(writerOnly{io.Discard}), Limit: Unlimited},
				"cut":      {From: FromReader(strings.NewReader(in)), To: ToWriter(&bytes.Buffer{}), Limit: int64(size / 2)},
				"cut off":  {From: FromReader(strings.NewReader(in)), To: ToWriter(&bytes.Buffer{}), Limit: int64(size / 2), Rest: RestClose},
				"not read": {From: FromReader(strings.NewReader(in)), Rest: RestClose},
			} {
				if got := relay(t, o); o.Rest == RestDiscard && got.Taken != int64(size) {
					t.Errorf("%d bytes, %s: %+v", size, name, got)
				}
			}
			if out.Len() != size {
				t.Errorf("%d bytes: kept %d", size, out.Len())
			}
		}
	}
}

// writerOnly hides what else a writer can do.
type writerOnly struct{ io.Writer }

func TestStdinEndsWhereItsSourceEnds(t *testing.T) {
	null, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	file := filepath.Join(t.TempDir(), "in")
	big := strings.Repeat("x", 300_000)
	os.WriteFile(file, []byte(big), 0o600)
	disk, _ := os.Open(file)
	defer disk.Close()
	closedPipe, w := pipe(t)
	unix.Close(w)
	defer unix.Close(closedPipe)
	shared, sharedW := pipe(t)
	defer unix.Close(shared)
	feed(sharedW, 300_000)
	for _, tt := range []struct {
		name string
		from End
		want int
	}{
		{"/dev/null", Borrow(int(null.Fd())), 0},
		{"file", FromReader(disk), 300_000},
		{"pipe without a writer", Borrow(closedPipe), 0},
		{"shared pipe", Borrow(shared), 300_000},
		{"zero end", End{}, 0},
		{"reader in memory", FromReader(strings.NewReader(big)), 300_000},
		{"reader that may block", FromReader(io.LimitReader(pattern{}, 300_000)), 300_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r2, w2 := pipe(t)
			all := gather(r2)
			got := relay(t, RelayOptions{From: tt.from, To: Own(w2), Limit: Unlimited})
			if b := <-all; len(b) != tt.want || got.Err != nil {
				t.Errorf("arrived %d, want %d: %+v", len(b), tt.want, got)
			}
		})
	}
}

func TestClosedSourceIsAnError(t *testing.T) {
	l := newLoop(t)
	if _, err := NewRelay(l, RelayOptions{From: Borrow(1 << 20)}); !errors.Is(err, unix.EBADF) {
		t.Errorf("NewRelay: %v", err)
	}
}

func TestSharedPipeKeepsItsFlags(t *testing.T) {
	r, w := pipe(t)
	r2, w2 := pipe(t)
	defer unix.Close(r)
	defer unix.Close(w2)
	flags := func() (f [2]int) {
		f[0], _ = unix.FcntlInt(uintptr(r), unix.F_GETFL, 0)
		f[1], _ = unix.FcntlInt(uintptr(w2), unix.F_GETFL, 0)
		return f
	}
	before := flags()
	feed(w, 300_000)
	n := make(chan int64, 1)
	go func() {
		c, _ := io.CopyN(io.Discard, os.NewFile(uintptr(r2), ""), 300_000)
		n <- c
	}()
	l := newLoop(t)
	var during [2]int
	rel, err := NewRelay(l, RelayOptions{From: Borrow(r), To: Borrow(w2), Limit: Unlimited, OnEOF: func() { during = flags(); l.Stop() }})
	if err != nil {
		t.Fatal(err)
	}
	run(t, l)
	if got := rel.Totals(); got.Err != nil || got.Delivered != 300_000 || <-n != 300_000 {
		t.Errorf("got %+v", got)
	}
	if after := flags(); before != after || before != during {
		t.Errorf("flags before %#x, during %#x, after %#x", before, during, after)
	}
}

func TestStandardOutputAndErrorMayBeOneDescriptor(t *testing.T) {
	l := newLoop(t)
	r2, w2 := pipe(t)
	var all <-chan []byte
	ended := 0
	for range 2 {
		r, w := pipe(t)
		feed(w, 200_000)
		if _, err := NewRelay(l, RelayOptions{From: Own(r), To: Borrow(w2), Limit: Unlimited, OnEOF: func() {
			if ended++; ended == 2 {
				l.Stop()
			}
		}}); err != nil {
			t.Fatal(err)
		}
	}
	l.At(time.Now().Add(10*time.Millisecond), func() { all = gather(r2) })
	run(t, l)
	unix.Close(w2)
	if b := <-all; len(b) != 400_000 {
		t.Errorf("arrived %d", len(b))
	}
}

func TestDrainDeliversWhatIsInThePipeThoughAWriterIsLeft(t *testing.T) {
	l := newLoop(t)
	r, w := pipe(t)
	defer unix.Close(w) // held open to the end
	r2, w2 := pipe(t)
	unix.Write(w, bytes.Repeat([]byte("x"), 50_000))
	all := gather(r2)
	rel, err := NewRelay(l, RelayOptions{From: Own(r), To: Own(w2), Limit: 40_000, OnEOF: l.Stop})
	if err != nil {
		t.Fatal(err)
	}
	rel.Drain(time.Now().Add(time.Minute))
	if !rel.Ended() {
		run(t, l)
	}
	want := Totals{Taken: 50_000, Delivered: 40_000, Truncated: true}
	if b := <-all; len(b) != 40_000 || rel.Totals() != want {
		t.Errorf("arrived %d, %+v", len(b), rel.Totals())
	}
}

func TestDrainGivesUpAtItsDeadline(t *testing.T) {
	l := newLoop(t)
	r, w := pipe(t)
	r2, w2 := pipe(t)
	defer unix.Close(r2) // never read
	defer unix.Close(w)
	unix.Write(w2, make([]byte, 64<<10)) // full
	unix.Write(w, []byte("late"))
	rel, err := NewRelay(l, RelayOptions{From: Own(r), To: Own(w2), Limit: Unlimited, OnEOF: l.Stop})
	if err != nil {
		t.Fatal(err)
	}
	l.Post(func() { rel.Drain(time.Now().Add(20 * time.Millisecond)) })
	run(t, l)
	if got := rel.Totals(); !errors.Is(got.Err, ErrDeadline) {
		t.Errorf("got %+v", got)
	}
}

func TestWriterThatBlocksIsWaitedForByJoinOnly(t *testing.T) {
	l := newLoop(t)
	r, w := pipe(t)
	feed(w, 300_000)
	hold := make(chan struct{})
	var out bytes.Buffer
	rel, err := NewRelay(l, RelayOptions{From: Own(r), To: ToWriter(writerFunc(func(p []byte) (int, error) {
		<-hold
		return out.Write(p)
	})), Limit: Unlimited, OnEOF: l.Stop})
	if err != nil {
		t.Fatal(err)
	}
	l.At(time.Now().Add(10*time.Millisecond), func() {
		short, cancel := context.WithTimeout(context.Background(), 0)
		defer cancel()
		if err := rel.Join(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Join: %v", err)
		}
		close(hold)
	})
	run(t, l)
	if err := rel.Join(context.Background()); err != nil || out.Len() != 300_000 {
		t.Errorf("Join: %v, %d bytes", err, out.Len())
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
