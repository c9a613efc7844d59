package isolate

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate/result"
	"golang.org/x/sys/unix"
)

func TestANameForgesNoFieldOfStat(t *testing.T) {
	const rest = " S 7 1 1 0 -1 4194304 100 0 0 0 1 2 3 4 20 0 9 0 555"
	for name, want := range map[string]string{
		"sleep": "sleep", "a b": "a b", "a) R 1 (b": "a) R 1 (b", "x\n\x1b[2J": "x\n\x1b[2J", "": "", "(((": "(((", ")))": ")))",
	} {
		s, ok := parseStat([]byte("42 (" + name + ")" + rest))
		if !ok || string(s.comm) != want || s.state != 'S' || s.parent != 7 || s.threads != 9 {
			t.Errorf("%q: %v %+v", name, ok, s)
		}
	}
	for _, text := range []string{"", "42", "42 (a) S", "42 )a( S 7 1 1 0 -1 4194304 100 0 0 0 1 2 3 4 20 0 9"} {
		if s, ok := parseStat([]byte(text)); ok {
			t.Errorf("%q: %+v", text, s)
		}
	}
}

func TestWaitingCallsAreDecoded(t *testing.T) {
	for text, want := range map[string]waitingCall{
		"":                                       {},
		"running\n":                              {runs: true},
		"-1 0x7ffd 0x7f\n":                       {},
		"x 0x0":                                  {},
		sys(unix.SYS_READ, "0x0"):                {name: "read", hasFD: true},
		sys(unix.SYS_READ, "0xffffffff00000007"): {name: "read", fd: 7, hasFD: true},
		sys(unix.SYS_READ, "0xffffffff"):         {name: "read", fd: -1},
		sys(unix.SYS_READ, "what"):               {name: "read"},
		sys(unix.SYS_FUTEX, "0x7f0012"):          {name: "futex"},
		sys(99999, "0x1"):                        {name: "syscall_99999"},
	} {
		if got := parseSyscall([]byte(text)); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func sys(nr int, first string) string {
	return strconv.Itoa(nr) + " " + first + " 0x2 0x3 0x4 0x5 0x6 0x7ffd 0x7f\n"
}

func TestTextsOfTheProgramAreShortASCII(t *testing.T) {
	for in, want := range map[string]string{
		"sleep": "sleep", "a\n\x1b": `a\n\x1b`, "é": `\u00e9`, "\xff": `\xff`, `"\`: `\"\\`, strings.Repeat("a", 9): "aaaaaaaa...",
	} {
		if got := ascii([]byte(in), 8); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// A number that was given to another process is not looked at.
func TestOnlyProcessesOfTheJailAreLookedAt(t *testing.T) {
	if list, more := lookFrom(1<<22, os.Getpid()); len(list) != 0 || more != 0 { // no process has the first number
		t.Errorf("%+v and %d more", list, more)
	}
	child := exec.CommandContext(t.Context(), "sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
	if list, _ := lookFrom(os.Getpid(), child.Process.Pid); len(list) == 0 || list[0].PID != child.Process.Pid {
		t.Errorf("%+v", list)
	}
	w := newWitness(os.Getppid())
	if w.process(child.Process.Pid); w.listed != 0 {
		t.Error("a child of another's was looked at")
	}
}

// lookFrom looks at a target that is, or is not, below a process.
func lookFrom(root, target int) ([]result.LastWord, int64) {
	w := newWitness(root)
	w.look(target, root)
	return w.gather()
}

// A witness that the kernel holds up is not waited for.
func TestALookThatHangsHoldsNothingUp(t *testing.T) {
	w := newWitness(1)
	w.said <- result.LastWord{PID: 7}
	begin := time.Now()
	list, _ := w.gather()
	if took := time.Since(begin); took > time.Second || len(list) != 1 {
		t.Errorf("%v, %+v", took, list)
	}
}

// However many threads there are, a look takes no longer than it may, and one
// thread's time.
func TestALookHasItsTime(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	var up sync.WaitGroup
	for range 300 {
		up.Add(1)
		go func() {
			runtime.LockOSThread()
			up.Done()
			<-stop
		}()
	}
	up.Wait()
	best := time.Hour
	for range 5 { // the machine may have much to do
		begin := time.Now()
		list, more := lookFrom(os.Getppid(), os.Getpid())
		best = min(best, time.Since(begin))
		if n := int64(len(list)) + more; len(list) > mostLastWords || n < 300 {
			t.Errorf("%d listed, %d more", len(list), more)
		}
	}
	if best > 2*lastWordsTime {
		t.Errorf("a look takes %v at best", best)
	}
	t.Logf("a look takes %v at best", best)
	w := newWitness(os.Getppid())
	w.until = time.Now()
	w.look(os.Getpid(), os.Getppid())
	if list, more := w.gather(); len(list) != 1 || more == 0 {
		t.Errorf("without time: %+v, %d more", list, more)
	}
}

func TestWithoutADescriptorNothingIsSeen(t *testing.T) {
	restore := leaveNoDescriptor(t)
	list, _ := lookFrom(os.Getppid(), os.Getpid())
	restore()
	if list == nil || len(list) != 0 {
		t.Errorf("%+v", list)
	}
}

func TestEachStateHasItsWord(t *testing.T) {
	for letter, want := range map[byte]result.Doing{
		'R': result.DoingRun, 'S': result.DoingWait, 'D': result.DoingDisk, 'T': result.DoingStopped, 't': result.DoingStopped,
		'Z': result.DoingEnded, 'X': result.DoingEnded, 'x': result.DoingEnded, 'I': result.DoingUnknown, 'P': result.DoingUnknown,
	} {
		if got := doing(letter); got != want {
			t.Errorf("%c: %s, want %s", letter, got, want)
		}
	}
}

func BenchmarkALastLook(b *testing.B) {
	child := exec.CommandContext(b.Context(), "sleep", "60")
	if err := child.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
	b.ReportAllocs()
	for b.Loop() {
		w := newWitness(os.Getpid())
		w.process(child.Process.Pid)
	}
}
