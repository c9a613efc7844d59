package audit

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/test/apart"
	"golang.org/x/sys/unix"
)

// again runs the test once more in a child, which finds the mark in its
// environment.
func again(t *testing.T, mark, value string) *exec.Cmd {
	c := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
	c.Env = append(os.Environ(), mark+"="+value)
	return c
}

// Many processes append at once: there is one chain, and nobody's events are lost
// or out of their order.
func TestManyProcessesKeepOneChain(t *testing.T) {
	const mark, processes, each = "AUDIT_APPENDER", 8, 120
	if path := os.Getenv(mark); path != "" {
		l := open(t, path, Options{MaxSize: leastSize})
		for i := range each {
			l.Emit(Event{Jail: strconv.Itoa(os.Getpid()), PID: i + 1, Detail: &Exec{File: strings.Repeat("x", 300)}})
			if i%3 == 0 {
				must(t, l.Flush(background))
			}
			if i%40 == 39 {
				must(t, l.Close(background))
				l = open(t, path, Options{MaxSize: leastSize})
			}
		}
		must(t, l.Close(background))
		return
	}
	path := file(t)
	var all sync.WaitGroup
	for range processes {
		all.Go(func() {
			if out, err := again(t, mark, path).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	all.Wait()
	r := intact(t, path, VerifyOptions{Rotated: true})
	if len(r.Files) < 3 || r.First != 1 || r.Recovered > 0 {
		t.Errorf("%+v", r)
	}
	last, events := map[string]int{}, 0
	for _, f := range r.Files {
		for _, line := range linesOf(t, f) {
			e, err := Decode([]byte(line))
			must(t, err)
			if e.Jail == "" {
				continue
			}
			if events++; e.PID != last[e.Jail]+1 {
				t.Fatalf("event %d of %s comes after %d", e.PID, e.Jail, last[e.Jail])
			}
			last[e.Jail] = e.PID
		}
	}
	if events != processes*each {
		t.Errorf("%d events of %d", events, processes*each)
	}
}

// A writer is killed at random moments: what it was told to be in the file is in
// it, and the log is whole when the next has opened it.
func TestAKillAtAnyMomentLosesNothingThatWasFlushed(t *testing.T) {
	const mark = "AUDIT_KILLED"
	if path := os.Getenv(mark); path != "" {
		l := open(t, path, Options{Linger: time.Millisecond, MaxSize: leastSize, Keep: 3})
		for i := 1; ; i++ {
			l.Emit(Event{Jail: strconv.Itoa(os.Getpid()), PID: i, Detail: &Exec{File: strings.Repeat("y", i*37%3000)}})
			if i%5 == 0 {
				must(t, l.Flush(background))
				fmt.Println("flushed", i)
			}
		}
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	path := file(t)
	for round := range 100 {
		flushed, pid := killedWriter(t, again(t, mark, path), time.Duration(r.IntN(12000))*time.Microsecond)
		must(t, open(t, path, Options{MaxSize: leastSize, Keep: 3}).Close(background))
		rep := intact(t, path, VerifyOptions{Rotated: true})
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
		if got := lastOf(t, rep.Files, strconv.Itoa(pid)); got < flushed {
			t.Fatalf("round %d: %d were flushed, %d are there", round, flushed, got)
		}
	}
}

// killedWriter lets a writer run for a while after its first flush, and gives what
// it says to have flushed.
func killedWriter(t *testing.T, c *exec.Cmd, after time.Duration) (flushed, pid int) {
	t.Helper()
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	r := bufio.NewReader(out)
	for killed := false; ; {
		line, err := r.ReadString('\n')
		if err != nil {
			break // half a line says nothing
		}
		if _, err := fmt.Sscanf(line, "flushed %d\n", &flushed); err != nil {
			t.Fatalf("the writer says %q", line)
		}
		if !killed {
			killed = true
			time.AfterFunc(after, func() { _ = c.Process.Kill() }) // it runs until then
		}
	}
	_ = c.Wait() // it was killed
	if flushed == 0 {
		t.Fatal("the writer did not come so far")
	}
	return flushed, c.Process.Pid
}

// lastOf finds a jail's last event, in files that may have been rotated meanwhile.
func lastOf(t *testing.T, files []string, jail string) (last int) {
	t.Helper()
	for _, f := range files {
		for _, line := range linesOf(t, f) {
			if e, err := Decode([]byte(line)); err == nil && e.Jail == jail {
				last = e.PID
			}
		}
	}
	return last
}

// What a kill leaves at each step, and what the next writer makes of it.
func TestWhatAKilledWriterLeavesIsPutRight(t *testing.T) {
	next := func(t *testing.T, path string, more int) []byte {
		all := linesOf(t, path)
		prev := hashOf([]byte(all[len(all)-1]))
		var out []byte
		var e encoder
		for i := range more {
			line := e.body(appendHead(nil, uint64(len(all)+1+i), &prev), &Event{Jail: "killed", Detail: &Exec{}})
			prev = hashOf(line)
			out = append(append(out, line...), '\n')
		}
		return out
	}
	for _, c := range []struct {
		name    string
		leave   func(t *testing.T, path string) []byte
		lines   int64
		cut     int64
		tampers int
	}{
		{"lines behind the head", func(t *testing.T, path string) []byte { return next(t, path, 3) }, 3, 0, 0},
		{"half a line", func(t *testing.T, path string) []byte { return next(t, path, 1)[:100] }, 0, 100, 0},
		{"a line but for its newline", func(t *testing.T, path string) []byte { b := next(t, path, 1); return b[:len(b)-1] }, 0, -1, 0},
		{"lines and a half", func(t *testing.T, path string) []byte { b := next(t, path, 2); return b[:len(b)-50] }, 1, -1, 0},
		{"a byte", func(*testing.T, string) []byte { return []byte("{") }, 0, 1, 0},
		{"another's text", func(*testing.T, string) []byte { return []byte("hello") }, 0, 0, 1},
		{"another's line", func(*testing.T, string) []byte { return []byte("{}\n") }, 0, 0, 1},
		{"zeros, as a power cut leaves", func(*testing.T, string) []byte { return make([]byte, 50) }, 0, 0, 1},
		{"a line and another's", func(t *testing.T, path string) []byte { return append(next(t, path, 1), "x\n"...) }, 1, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := file(t)
			write(t, path, 5, Options{})
			left := c.leave(t, path)
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			must(t, err)
			_, err = f.Write(left)
			must(t, err)
			must(t, f.Close())
			write(t, path, 2, Options{})
			r := verify(t, path, VerifyOptions{})
			if got := r.Intact(); got != (c.tampers == 0) {
				t.Errorf("intact %v: %v", got, r.Problems)
			}
			var tampers int
			var recovered Recover
			for _, line := range linesOf(t, path) {
				e, err := Decode([]byte(line))
				if err != nil {
					continue
				}
				switch d := e.Detail.(type) {
				case *Tamper:
					tampers++
				case *Recover:
					recovered = *d
				}
			}
			if tampers != c.tampers || recovered.Lines != c.lines || c.cut >= 0 && recovered.CutBytes != c.cut || c.cut < 0 && recovered.CutBytes == 0 || int64(len(recovered.Cut)) != recovered.CutBytes {
				t.Errorf("%d tamper events, recovered %+v", tampers, recovered)
			}
			if c.tampers > 0 && !strings.Contains(textOf(t, path), string(left)) {
				t.Error("what was found is gone")
			}
		})
	}
}

// A log that is not as its head says goes on, says so, and never looks whole again.
func TestTamperingBetweenWritersIsWrittenDown(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(path string) error
		what string
		want Kind
	}{
		{"cut at a line", func(path string) error {
			return os.WriteFile(path, []byte(strings.Join(linesOf(t, path)[:3], "\n")+"\n"), 0o600)
		}, "it was cut off", Missing},
		{"cut in a line", func(path string) error { return os.Truncate(path, 500) }, "it was cut off", Edited},
		{"emptied", func(path string) error { return os.Truncate(path, 0) }, "it was cut off", Missing},
		{"removed", os.Remove, "it was cut off", Missing},
		{"its last line edited", func(path string) error {
			text := textOf(t, path)
			i := strings.LastIndex(text, "j-1")
			return os.WriteFile(path, []byte(text[:i]+"j-2"+text[i+3:]), 0o600)
		}, "is not the one", Edited},
		{"its head removed", func(path string) error { return os.Remove(headOf(path)) }, "its head is gone", Recorded},
		{"its head emptied", func(path string) error { return os.Truncate(headOf(path), 0) }, "its head is gone", Recorded},
		{"its head garbled", func(path string) error { return os.WriteFile(headOf(path), []byte("x"), 0o600) }, "its head is no head", Recorded},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := file(t)
			write(t, path, 6, Options{})
			must(t, c.do(path))
			write(t, path, 3, Options{})
			write(t, path, 3, Options{})
			text := textOf(t, path)
			if strings.Count(text, `"type":"tamper"`) != 1 || !strings.Contains(text, c.what) {
				t.Errorf("written is %s", text)
			}
			found := map[Kind]bool{}
			for _, p := range verify(t, path, VerifyOptions{}).Problems {
				found[p.Kind] = true
			}
			if !found[Recorded] || !found[c.want] {
				t.Errorf("found %v", found)
			}
		})
	}
}

func TestWhatIsNoLogIsNotWrittenTo(t *testing.T) {
	private, _, err := GenerateKey("k")
	must(t, err)
	another, _, err := GenerateKey("k")
	must(t, err)
	for _, c := range []struct {
		name string
		do   func(path string) error
		o    Options
		want error
	}{
		{"notes", func(path string) error { return os.WriteFile(path, []byte("my notes\n"), 0o600) }, Options{}, ErrNotLog},
		{"zeros", func(path string) error { return os.WriteFile(path, make([]byte, 9), 0o600) }, Options{}, ErrNotLog},
		{"a folder", func(path string) error { return os.Mkdir(path, 0o700) }, Options{}, safepath.Directory},
		{"a FIFO", func(path string) error { return unix.Mkfifo(path, 0o600) }, Options{}, safepath.FIFO},
		{"a link", func(path string) error { return os.Symlink("/etc/passwd", path) }, Options{}, safepath.SymbolicLink},
		{"a head that is a link", func(path string) error { return os.Symlink("/etc/passwd", headOf(path)) }, Options{}, safepath.SymbolicLink},
		{"a head that is a FIFO", func(path string) error { return unix.Mkfifo(headOf(path), 0o600) }, Options{}, safepath.FIFO},
		{"signed", func(path string) error { write(t, path, 2, Options{Key: private}); return nil }, Options{}, ErrSigned},
		{"signed with another key", func(path string) error { write(t, path, 2, Options{Key: private}); return nil }, Options{Key: another}, ErrOtherKey},
		{"no key", func(string) error { return nil }, Options{Key: "nonsense"}, ErrKey},
		{"a small size", func(string) error { return nil }, Options{MaxSize: 5}, ErrOption},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := file(t)
			must(t, c.do(path))
			before := content(path)
			l, err := Open(path, c.o)
			if l != nil {
				l.Close(background)
			}
			if !errors.Is(err, c.want) {
				t.Errorf("%v", err)
			}
			if after := content(path); after != before {
				t.Errorf("it has become %q", after)
			}
		})
	}
	for _, path := range []string{"", "/dev/null", "/dev/full", "/nonexistent/a"} {
		if _, err := Open(path, Options{}); err == nil {
			t.Errorf("%q is opened", path)
		}
	}
}

// content is what a regular file has; the open of a FIFO would wait.
func content(path string) string {
	if st, err := os.Lstat(path); err != nil || !st.Mode().IsRegular() {
		return ""
	}
	b, _ := os.ReadFile(path)
	return string(b)
}

// A kill between the steps of a rotation.
func TestARotationThatWasStoppedGoesOn(t *testing.T) {
	path := file(t)
	write(t, path, 9, Options{})
	must(t, os.Rename(path, older(path, 1)))
	write(t, path, 2, Options{})
	if r := intact(t, path, VerifyOptions{Rotated: true}); r.Lines != 12 || len(r.Files) != 2 {
		t.Errorf("%+v", r)
	}
	if r := intact(t, path, VerifyOptions{}); r.Before != 9 || r.First != 10 {
		t.Errorf("%+v", r)
	}
	for _, n := range []int{0, 1, 100, -1} { // bytes of the new file that were written: some, or a line and some
		path := file(t)
		write(t, path, 9, Options{})
		must(t, os.Rename(path, older(path, 1)))
		h, _, ok := openHead(headTitle, []byte(textOf(t, headOf(path))), nil)
		if !ok {
			t.Fatal("no head")
		}
		var e encoder
		line := e.body(appendHead(nil, h.count+1, &h.hash), &Event{Detail: &Rotate{Kept: 1}})
		if n >= 0 {
			line = line[:n]
		} else {
			hash := hashOf(line)
			line = appendHead(append(line, '\n'), h.count+2, &hash)
		}
		must(t, os.WriteFile(path, line, 0o600))
		write(t, path, 2, Options{})
		if r := intact(t, path, VerifyOptions{Rotated: true}); r.First != 1 || r.Last < 12 || n != 0 && r.Recovered != 1 {
			t.Errorf("of %d bytes: %+v", n, r)
		}
	}
	must(t, os.Truncate(older(path, 1), 700))
	kinds(t, path, "")
	found := verify(t, path, VerifyOptions{Rotated: true}).Problems
	if len(found) == 0 {
		t.Error("an older file that was cut is not found")
	}
}

func TestOlderFilesAreKeptAsManyAsAsked(t *testing.T) {
	path := file(t)
	private, public, err := GenerateKey("k")
	must(t, err)
	write(t, path, 3000, Options{MaxSize: leastSize, Keep: 2, Key: private})
	r := intact(t, path, VerifyOptions{Rotated: true, Keys: []string{public}})
	if len(r.Files) != 3 || r.Before == 0 || r.Checkpoints == 0 {
		t.Errorf("%d files, from seq %d", len(r.Files), r.First)
	}
	for _, f := range r.Files {
		if st, err := os.Stat(f); err != nil || st.Size() > leastSize || st.Mode().Perm() != 0o600 {
			t.Errorf("%s is %v", f, st)
		}
	}
	must(t, os.Remove(older(path, 1)))
	if rep := verify(t, path, VerifyOptions{Rotated: true}); rep.Intact() {
		t.Error("a gap between files is not found")
	}
}

// The disk is a small tmpfs in a mount namespace of a child: no mount of the host
// changes.
func TestOnAFullDiskNothingIsLostOrHalfWritten(t *testing.T) {
	apart.Run(t, func(dir string) { fillDisk(t, dir) })
}

func fillDisk(t *testing.T, dir string) {
	must(t, unix.Mount("full", dir, "tmpfs", 0, "size=64k"))
	path := dir + "/audit.jsonl"
	l := open(t, path, Options{Linger: -1, Events: 300})
	for i := 1; ; i++ {
		l.Emit(Event{Jail: "j", PID: i, Detail: &Kill{Cause: strings.Repeat("x", 500)}})
		err := l.Flush(background)
		if err == nil {
			continue
		}
		if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "free space") {
			t.Fatalf("after %d: %v", i, err)
		}
		break
	}
	before := intact(t, path, VerifyOptions{}).Lines
	for i := range 500 { // more than the queue takes
		l.Emit(Event{Jail: "later", PID: i + 1, Detail: &Kill{}})
	}
	fill := dir + "/fill"
	if err := l.Flush(background); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("%v", err)
	}
	must(t, unix.Mount("", dir, "", unix.MS_REMOUNT, "size=1m"))
	must(t, os.WriteFile(fill, make([]byte, 4096), 0o600))
	must(t, l.Flush(background))
	must(t, l.Close(background))
	r := intact(t, path, VerifyOptions{})
	if want := before + 300 + 1; r.Lines != want || r.Dropped != 201 {
		t.Errorf("%d lines, %d dropped; want %d", r.Lines, r.Dropped, want)
	}
	_ = os.WriteFile(fill, make([]byte, 1<<20), 0o600) // as much as there is room for
	l = open(t, path, Options{Linger: -1})
	for range 10 {
		l.Emit(Event{Detail: &Kill{Cause: strings.Repeat("x", 1000)}})
	}
	if err := l.Close(background); !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "10 events are lost") {
		t.Errorf("%v", err)
	}
	intact(t, path, VerifyOptions{})
}
