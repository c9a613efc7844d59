package isolate_test

import (
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// What a program does when it is ended is told, as root and as an ordinary user.
func TestAnEndedProgramsLastWordsAreTold(t *testing.T) {
	t.Run("root", func(t *testing.T) {
		needRoot(t)
		run(t, actor(t, "words", stageDir(t), "root"))
	})
	t.Run("user", func(t *testing.T) {
		c := actor(t, "words", stageDir(t), "user")
		asNobody(t, c)
		run(t, c)
	})
}

func actLastWords(t *testing.T) {
	t.Run("a program that ends by itself has none", func(t *testing.T) {
		for _, argv := range [][]string{{"true"}, {"sh", "-c", "kill -9 $$"}} {
			if r := ended(t, &policy.Policy{}, nil, argv...); r.Evidence.LastWords != nil || r.Evidence.LastWordsMore != nil {
				t.Errorf("%v: %+v", argv, r.Evidence)
			}
		}
	})
	t.Run("a canceled one has none", lastWordsOfCanceled)
	t.Run("a sleeper names its call", func(t *testing.T) {
		r := ended(t, limit(policy.Limits{Wall: 200 * time.Millisecond}), nil, "sleep", "60")
		l := only(t, r, result.WallLimit)
		if l.State != result.DoingWait || l.Syscall == nil || !strings.HasSuffix(*l.Syscall, "nanosleep") || l.FD != nil || l.Comm != "sleep" || l.InnerPID != 2 {
			t.Errorf("%+v", l)
		}
		holdWchan(t, l)
	})
	t.Run("a reader names its descriptor", lastWordsOfReader)
	t.Run("a busy loop runs", func(t *testing.T) {
		r := ended(t, limit(policy.Limits{CPU: 200 * time.Millisecond, Wall: time.Minute}), nil, "sh", "-c", "while :; do :; done")
		if l := only(t, r, result.CPULimit); l.State != result.DoingRun || l.Syscall != nil || l.Wchan != nil {
			t.Errorf("%+v", l)
		}
	})
	t.Run("children are among them", lastWordsOfChildren)
	t.Run("a crowd is bounded", lastWordsOfCrowd)
	t.Run("a name is escaped", func(t *testing.T) {
		r := ended(t, limit(policy.Limits{Idle: 600 * time.Millisecond}), nil, "named")
		if l := r.Evidence.LastWords[0]; l.Comm != `a\n\x1b[2J) R \\\xff` || l.State != result.DoingWait {
			t.Errorf("%+v", l)
		}
		if s := result.LastWords(r); strings.ContainsAny(s, "\n\x1b") {
			t.Errorf("%q", s)
		}
	})
	t.Run("what the kernel hides is absent", lastWordsOfHidden)
	t.Run("a refused call is one", func(t *testing.T) {
		p := &policy.Policy{Seccomp: policy.Seccomp{OnSuspicious: policy.SuspiciousKill}}
		r := ended(t, p, nil, "unshare", "--mount", "true")
		if l := only(t, r, result.Syscall); l.Syscall == nil || *l.Syscall != "unshare" {
			t.Errorf("%+v", l)
		}
	})
}

// ended runs a program, or a part of this binary's, to its end.
func ended(t *testing.T, p *policy.Policy, in io.Reader, argv ...string) *result.Result {
	t.Helper()
	p.Layers = policy.Layers{policy.LayerCgroup: policy.Try}
	c := isolate.Command(p, argv...)
	if insiders[argv[0]] != nil {
		p.Env = append(p.Env, actorVar+"="+argv[0])
		c = isolate.Command(p, "/box/self")
		must(t, c.Show(os.Getenv(dirVar), "self"))
	}
	c.Stdin = in
	_ = c.Run() // how it ended stands in the result
	return c.Result()
}

func limit(l policy.Limits) *policy.Policy {
	l.Memory, l.Pids = 4<<30, 1000
	return &policy.Policy{Limits: l}
}

// only gives the last words of a program that has one thread.
func only(t *testing.T, r *result.Result, want result.Reason) result.LastWord {
	t.Helper()
	if r.Reason != want || len(r.Evidence.LastWords) != 1 || r.Evidence.LastWordsMore == nil || *r.Evidence.LastWordsMore != 0 {
		t.Fatalf("%s, %+v", r.Reason, r.Evidence)
	}
	l := r.Evidence.LastWords[0]
	if l.PID <= 1 || l.TID != l.PID {
		t.Errorf("%+v", l)
	}
	return l
}

// holdWchan: a kernel that has no names shows none.
func holdWchan(t *testing.T, l result.LastWord) {
	t.Helper()
	if l.Wchan == nil || *l.Wchan == "" || *l.Wchan == "0" {
		t.Errorf("wchan: %v", l.Wchan)
	}
}

// silent is an input that is open, and from which nothing comes.
func silent(t *testing.T) io.Reader {
	t.Helper()
	r, w, err := os.Pipe()
	must(t, err)
	t.Cleanup(func() { r.Close(); w.Close() })
	return r
}

func lastWordsOfCanceled(t *testing.T) {
	c := isolate.Command(&policy.Policy{Layers: policy.Layers{policy.LayerCgroup: policy.Try}}, "sleep", "60")
	must(t, c.Start())
	must(t, c.Kill())
	_ = c.Wait()
	if r := c.Result(); r.Reason != result.Canceled || r.Evidence.LastWords != nil {
		t.Errorf("%s, %+v", r.Reason, r.Evidence.LastWords)
	}
}

func lastWordsOfReader(t *testing.T) {
	l := only(t, ended(t, limit(policy.Limits{Idle: 300 * time.Millisecond}), silent(t), "cat"), result.Idle)
	if l.Syscall == nil || *l.Syscall != "read" || l.FD == nil || *l.FD != 0 || l.Target == nil || !strings.HasPrefix(*l.Target, "pipe:[") {
		t.Errorf("%+v", l)
	}
	holdWchan(t, l)
}

func lastWordsOfChildren(t *testing.T) {
	r := ended(t, limit(policy.Limits{Wall: time.Second}), nil, "sh", "-c", "sleep 60 & setsid sleep 60 & wait; true")
	list := r.Evidence.LastWords
	if len(list) != 3 || list[0].Comm != "sh" || list[1].Comm != "sleep" || list[2].Comm != "sleep" || list[1].PID == list[0].PID {
		t.Fatalf("%+v", list)
	}
	if s := result.LastWords(r); !strings.Contains(s, "; its process sleep (pid ") || !strings.HasSuffix(s, "nanosleep, 1 other thread") {
		t.Errorf("%q", s)
	}
}

const crowd = 200

func lastWordsOfCrowd(t *testing.T) {
	r := ended(t, limit(policy.Limits{Idle: 600 * time.Millisecond}), nil, "crowd")
	e := &r.Evidence
	if r.Reason != result.Idle || len(e.LastWords) == 0 || len(e.LastWords) > 16 || e.LastWordsMore == nil {
		t.Fatalf("%s, %d listed", r.Reason, len(e.LastWords))
	}
	if all := int64(len(e.LastWords)) + *e.LastWordsMore; all < crowd || all > crowd+50 {
		t.Errorf("%d and %d more, of %d and the runtime's", len(e.LastWords), *e.LastWordsMore, crowd)
	}
	if e.LastWords[0].TID != e.LastWords[0].PID {
		t.Errorf("not the first thread first: %+v", e.LastWords[0])
	}
}

func lastWordsOfHidden(t *testing.T) {
	r := ended(t, limit(policy.Limits{Idle: 600 * time.Millisecond}), silent(t), "hidden")
	if r.Reason != result.Idle || len(r.Evidence.LastWords) == 0 {
		t.Fatalf("%s, %+v", r.Reason, r.Evidence)
	}
	l := r.Evidence.LastWords[0]
	if os.Getenv(argVar) == "root" {
		if l.Syscall == nil || *l.Syscall != "read" || l.Target == nil || !strings.HasPrefix(*l.Target, "pipe:[") {
			t.Errorf("%+v", l)
		}
		return
	}
	if l.State != result.DoingWait || l.Syscall == nil || *l.Syscall != "absent: EACCES" || l.FD != nil {
		t.Errorf("%+v of %v", l, l.Syscall)
	}
	if s := result.LastWords(r); !strings.HasPrefix(s, "jail: it was waiting (in which call can't be seen: EACCES)") {
		t.Errorf("%q", s)
	}
}

// insiders are parts of this binary that are played inside, on its first thread:
// so they begin before there is a test.
var insiders = map[string]func(){"crowd": actCrowd, "named": actNamed, "hidden": actHidden}

func init() {
	if part := insiders[os.Getenv(actorVar)]; part != nil {
		part()
		os.Exit(3) // nobody has ended it
	}
}

// actCrowd is many threads that wait.
func actCrowd() {
	for range crowd {
		go func() {
			runtime.LockOSThread()
			waitHere()
		}()
	}
	waitHere()
}

// actNamed is a first thread with a name that would forge fields of
// /proc/PID/stat, and a line of whatever is printed.
func actNamed() {
	name := []byte("a\n\x1b[2J) R \\\xff\x00")
	if err := unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0); err == nil {
		waitHere()
	}
}

// actHidden is a program that nobody else of its user's may look into.
func actHidden() {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err == nil {
		_, _ = unix.Read(0, make([]byte, 1))
	}
}

func waitHere() { _ = unix.Nanosleep(&unix.Timespec{Sec: 60}, nil) }
