package meter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/filelock"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/test/apart"
	"golang.org/x/sys/unix"
)

// ended is a result as a run leaves it.
func ended(id string) *result.Result {
	res := result.New(id)
	res.Reason, res.ExitCode = result.Exited, new(0)
	res.Usage.WallNS, res.Usage.CPUNS, res.Usage.MemoryPeakBytes = new(int64(2e9)), new(int64(1e9)), new(int64(1<<20))
	return res
}

func begin(t *testing.T, path string) *Run {
	t.Helper()
	r, err := Begin(Options{File: path, Tenant: "t"})
	must(t, err)
	return r
}

// die is what the kernel does to the files of a supervisor that is killed.
func (r *Run) die() { r.ledger.close() }

// holds checks a report's sums, and that the file has no line but records.
func holds(t *testing.T, path string, runs, unfinished int) {
	t.Helper()
	got := report(t, "tenant", path)
	if len(got) != 1 && runs > 0 {
		t.Fatalf("%d groups", len(got))
	}
	if runs > 0 && (fmt.Sprint(got[0]["runs"]) != strconv.Itoa(runs) || fmt.Sprint(got[0]["unfinished"]) != strconv.Itoa(unfinished)) {
		t.Errorf("reported are %v; want %d runs, %d of them unfinished", got[0], runs, unfinished)
	}
}

// lineCount counts the lines of a file.
func lineCount(t *testing.T, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	return strings.Count(string(text), "\n")
}

func file(t *testing.T) string { return filepath.Join(t.TempDir(), "usage.jsonl") }

func TestARunIsOneLine(t *testing.T) {
	path := file(t)
	for i := range 3 {
		r := begin(t, path)
		holds(t, path, i, 0) // one that goes on is not in it
		must(t, r.End(ended(fmt.Sprint("id-", i))))
		holds(t, path, i+1, 0)
	}
	r := begin(t, path)
	r.Drop()
	if n := lineCount(t, path); n != 3 {
		t.Errorf("%d lines", n)
	}
	if st, err := os.Stat(tableOf(path)); err != nil || st.Size() != placeSize {
		t.Errorf("the table did not shrink: %v, %v", st.Size(), err)
	}
}

// A supervisor is killed after each step of its last: the run is counted once,
// by a report and by the file, and what is known of it is kept.
func TestAKillAtAnyStepNeitherLosesNorDoublesARun(t *testing.T) {
	line := func(r *Run) []byte { return r.record.AppendLine(nil) }
	steps := []struct {
		name       string
		leave      func(r *Run) error
		unfinished int
	}{
		{"begun", func(*Run) error { return nil }, 1},
		{"half of its end in the table", func(r *Run) error {
			return writeHalf(r.ledger.table, r.at+halfSize, append([]byte(r.begun.id+"\n"), line(r)[:100]...), halfSize)
		}, 1},
		{"its end in the table", (*Run).note, 0},
		{"half of its line in the file", func(r *Run) error {
			_, err := r.ledger.file.Write(line(r)[:150])
			return errors.Join(r.note(), err)
		}, 0},
		{"its line in the file, but for the newline", func(r *Run) error {
			l := line(r)
			_, err := r.ledger.file.Write(l[:len(l)-1])
			return errors.Join(r.note(), err)
		}, 0},
		{"its line in the file", func(r *Run) error { return errors.Join(r.note(), r.ledger.append(line(r))) }, 0},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			path := file(t)
			must(t, begin(t, path).End(ended("first")))
			alive := begin(t, path) // its place is before that of the dead
			r := begin(t, path)
			r.record.fill(ended("second"))
			must(t, s.leave(r))
			r.die()
			holds(t, path, 2, s.unfinished)
			must(t, begin(t, path).End(ended("third"))) // puts it into the file
			holds(t, path, 3, s.unfinished)
			must(t, alive.End(ended("fourth")))
			must(t, begin(t, path).End(ended("fifth")))
			holds(t, path, 5, s.unfinished)
			if n := lineCount(t, path); n != 5 {
				t.Errorf("%d lines", n)
			}
		})
	}
}

// A kill in the middle of a recovery leaves a run that is in the file and in the
// table.
func TestARecoveryThatIsKilledIsNoSecondRun(t *testing.T) {
	path := file(t)
	r := begin(t, path)
	must(t, r.ledger.append(r.begun.line))
	r.die()
	holds(t, path, 1, 1)
	must(t, begin(t, path).End(ended("next")))
	holds(t, path, 2, 1)
}

// A place that was hardly begun when its supervisor died is of no run: nothing
// was started.
// Whose record waits in the table is told by its id, and not by what another's says.
func TestALabelIsNoRecordOfAnother(t *testing.T) {
	path := file(t)
	waits := begin(t, path)
	other, err := Begin(Options{File: path, Tenant: "other", Labels: []Label{{"id", waits.begun.id}}})
	must(t, err)
	must(t, other.End(ended("other")))
	if found, err := waits.ledger.has(&place{begun: waits.begun}); found || err != nil {
		t.Errorf("its line is found where there is none: %v, %v", found, err)
	}
}

func TestAPlaceThatIsHalfWrittenIsNoRun(t *testing.T) {
	path := file(t)
	r := begin(t, path)
	must(t, r.ledger.table.Truncate(r.at+60))
	r.die()
	holds(t, path, 0, 0)
	must(t, begin(t, path).End(ended("next")))
	holds(t, path, 1, 0)
}

func TestWhatIsNotAMeterFileStaysAsItIs(t *testing.T) {
	for _, text := range []string{"notes", "\n", "# notes\nmore"} {
		path := write(t, []byte(text))
		if _, err := Begin(Options{File: path}); !errors.Is(err, ErrNotMeter) {
			t.Errorf("%q: %v", text, err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%q has become %q", text, got)
		}
	}
	path := write(t, []byte(`{"a":`)) // the tail of somebody else's
	must(t, begin(t, path).End(ended("x")))
	if got, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(got), "{\"a\":\n{") {
		t.Errorf("it has become %q", got)
	}
	path = write(t, nil)
	must(t, os.WriteFile(tableOf(path), []byte("notes of mine"), 0o600))
	if _, err := Begin(Options{File: path}); !errors.Is(err, ErrNotTable) {
		t.Errorf("a table that is none: %v", err)
	}
}

func TestABadLineIsTheOnlyOneThatIsNotCounted(t *testing.T) {
	var text []byte
	for i := range 5 {
		text = (&Record{ID: fmt.Sprint(i), Start: day, State: Finished, CPU: new(int64(1))}).AppendLine(text)
		if i == 2 {
			text = append(text, "{\"schema\":\"jail.meter/v1\",\"cpu_ns\":-1}\n"+strings.Repeat("x", 3*mostLine)+"\n\n"...)
		}
	}
	text = append(text, text[:100]...)
	path := write(t, text)
	r := NewReport([]Key{ByTenant}, nil)
	must(t, r.AddFile(path, nil))
	bad, _ := r.Bad()
	var said []string
	for _, err := range bad {
		said = append(said, strings.TrimPrefix(err.Error(), path)[:12])
	}
	if want := []string{`:4: cpu_ns "`, `:5: "xxxxxxx`, `:6: is not w`, `:9: the last`}; !slices.Equal(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
	if g := groups(t, r)[0]; fmt.Sprint(g["runs"]) != "5" || fmt.Sprint(g["cpu_ns"]) != "5" {
		t.Errorf("counted %v", g)
	}
	if err := r.AddFile(path, nil); !errors.Is(err, ErrTwice) {
		t.Errorf("the same file once more: %v", err)
	}
}

// Many at once, in processes of their own: no line is lost, doubled or mixed
// with another.
func TestManyAppendAtOnce(t *testing.T) {
	const mark = "METER_APPENDER"
	const processes, each = 8, 100
	if path := os.Getenv(mark); path != "" {
		for i := range each {
			must(t, begin(t, path).End(ended(fmt.Sprint(os.Getpid(), "-", i))))
		}
		return
	}
	path := file(t)
	var all sync.WaitGroup
	for range processes {
		all.Go(func() {
			c := exec.Command("/proc/self/exe", "-test.run=^TestManyAppendAtOnce$")
			c.Env = append(os.Environ(), mark+"="+path)
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	all.Wait()
	holds(t, path, processes*each, 0)
	if n := lineCount(t, path); n != processes*each {
		t.Errorf("%d lines", n)
	}
}

// Runs that overlap have places of their own, and a place is used again.
func TestPlacesAreUsedAgain(t *testing.T) {
	path := file(t)
	var list []*Run
	for range 20 {
		list = append(list, begin(t, path))
	}
	for i, r := range list {
		if i%2 == 0 {
			must(t, r.End(ended(fmt.Sprint("even-", i))))
		}
	}
	more := begin(t, path)
	if more.at != list[0].at {
		t.Errorf("the place at %d is taken, and that at %d is free", more.at, list[0].at)
	}
	must(t, more.End(ended("more")))
	for i, r := range list {
		if i%2 == 1 {
			must(t, r.End(ended(fmt.Sprint("odd-", i))))
		}
	}
	holds(t, path, 21, 0)
}

// The disk is a small tmpfs in a mount namespace of a child: no mount of the
// host changes.
func TestOnAFullDiskNothingBeginsAndNothingIsLost(t *testing.T) {
	apart.Run(t, func(dir string) { fillDisk(t, dir) })
}

func fillDisk(t *testing.T, dir string) {
	must(t, unix.Mount("full", dir, "tmpfs", 0, "size=64k"))
	path := dir + "/usage.jsonl"
	must(t, begin(t, path).End(ended("first")))
	r := begin(t, path)
	must(t, os.WriteFile(path, nil, 0)) // somebody empties it: the room that was kept is given back
	fill := dir + "/fill"
	fillPage(t, path)
	size := length(t, path)
	_ = os.WriteFile(fill, make([]byte, 1<<20), 0o600) // as much as there is room for
	err := r.End(ended("second"))
	if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), path+".runs") {
		t.Errorf("the end: %v", err)
	}
	if n := length(t, path); n != size {
		t.Errorf("a part of a line is left: %d bytes, not %d", n, size)
	}
	if _, err := Begin(Options{File: path}); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("the next: %v", err)
	}
	holds(t, path, 2, 0) // one out of the table
	must(t, os.Remove(fill))
	must(t, begin(t, path).End(ended("third")))
	holds(t, path, 3, 0)
	fillPage(t, path)
	r = begin(t, path)
	_ = os.WriteFile(fill, make([]byte, 1<<20), 0o600)
	must(t, r.End(ended("fourth"))) // room was kept
	holds(t, path, 5, 0)
	must(t, unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	if _, err := Begin(Options{File: path}); !errors.Is(err, unix.EROFS) {
		t.Errorf("on a disk that is read-only: %v", err)
	}
}

// fillPage adds a record such that the next does not fit in the file's last page.
func fillPage(t *testing.T, path string) {
	t.Helper()
	line := (&Record{ID: "fill", Start: day, Tenant: "t", State: Finished}).AppendLine(nil)
	spaces := (2*4096 - 100 - length(t, path)%4096 - int64(len(line))) % 4096
	appendTo(t, path, append(line[:len(line)-1], strings.Repeat(" ", int(spaces))+"\n"...))
}

func length(t *testing.T, path string) int64 {
	t.Helper()
	st, err := os.Stat(path)
	must(t, err)
	return st.Size()
}

func TestALockThatIsNotGivenBackIsAnError(t *testing.T) {
	path := file(t)
	must(t, begin(t, path).End(ended("first")))
	r := begin(t, path)
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	must(t, unix.Flock(int(f.Fd()), unix.LOCK_SH))
	if err := filelock.Lock(context.Background(), r.ledger.file, unix.LOCK_EX, 50*time.Millisecond); err != filelock.ErrBusy {
		t.Errorf("waited for a lock: %v", err)
	}
	var later sync.WaitGroup
	later.Go(func() {
		time.Sleep(50 * time.Millisecond) // the end waits for it
		unlock(f)
	})
	must(t, r.End(ended("second")))
	later.Wait()
	holds(t, path, 2, 0)
}
