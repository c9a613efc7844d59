package result

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTheLastWordsAreTheOneThatTellsMost(t *testing.T) {
	word := func(pid, tid int, comm string, s Doing, call string, fd int, target string) LastWord {
		l := LastWord{PID: pid, InnerPID: pid - 7, TID: tid, Comm: comm, State: s}
		if call != "" {
			l.Syscall = &call
		}
		if fd >= 0 {
			l.FD, l.Target = &fd, &target
		}
		return l
	}
	shell := word(9, 9, "sh", DoingWait, "wait4", -1, "")
	sleep := word(10, 10, "sleep", DoingWait, "clock_nanosleep", -1, "")
	cat := word(11, 11, "cat", DoingWait, "read", 0, "pipe:[4]")
	lock := word(9, 9, "java", DoingWait, "futex", -1, "")
	worker := word(9, 12, "worker", DoingRun, "", -1, "")
	for _, c := range []struct {
		name  string
		cause Cause
		list  []LastWord
		more  int64
		want  string
	}{
		{"nobody has looked", CauseWall, nil, 0, ""},
		{"nothing was seen", CauseWall, []LastWord{}, 0, ""},
		{"a call", CauseWall, []LastWord{sleep}, 0, "jail: it was waiting in clock_nanosleep"},
		{"a pipe", CauseIdle, []LastWord{cat}, 0, "jail: it was waiting in read of fd 0 (pipe)"},
		{"a file", CauseWall, []LastWord{word(9, 9, "flock", DoingWait, "flock", 3, `/box/a\n`)}, 0, `jail: it was waiting in flock of fd 3 (/box/a\n)`},
		{"epoll", CauseIdle, []LastWord{word(9, 9, "node", DoingWait, "epoll_wait", 5, "anon_inode:[eventpoll]")}, 0, "jail: it was waiting in epoll_wait of fd 5 (eventpoll)"},
		{"a refusal", CauseIdle, []LastWord{word(9, 9, "a", DoingWait, *Absent(Errno(unix.EPERM)), -1, "")}, 0, "jail: it was waiting (in which call can't be seen: EPERM)"},
		{"no call", CauseWall, []LastWord{word(9, 9, "a", DoingDisk, "", -1, "")}, 0, "jail: it was waiting in no system call, as for a page of memory"},
		{"stopped", CauseIdle, []LastWord{word(9, 9, "a", DoingStopped, "", -1, "")}, 0, "jail: it was stopped by a signal"},
		{"running", CauseCPU, []LastWord{word(9, 9, "a", DoingRun, "", -1, "")}, 3, "jail: it was running, 3 other threads"},
		{"a thread that runs", CauseCPU, []LastWord{lock, worker}, 0, "jail: its thread worker was running, 1 other thread"},
		{"but not where time alone counts", CauseWall, []LastWord{lock, worker}, 0, "jail: it was waiting in futex, 1 other thread"},
		{"a first thread that has ended", CauseIdle, []LastWord{word(9, 9, "a", DoingEnded, "", -1, ""), word(9, 12, "b", DoingWait, "futex", -1, "")}, 0, "jail: its thread b was waiting in futex, 1 other thread"},
		{"all have ended", CauseIdle, []LastWord{word(9, 9, "a", DoingEnded, "", -1, "")}, 0, "jail: it was dead, and nobody had waited for it"},
		{"a child", CauseWall, []LastWord{shell, sleep}, 0, "jail: it was waiting in wait4; its process sleep (pid 3) was waiting in clock_nanosleep"},
		{"a pipeline", CauseWall, []LastWord{shell, cat, sleep}, 0, "jail: it was waiting in wait4; its process sleep (pid 3) was waiting in clock_nanosleep, 1 other thread"},
		{"a child that reads", CauseIdle, []LastWord{shell, cat}, 0, "jail: it was waiting in wait4; its process cat (pid 4) was waiting in read of fd 0 (pipe)"},
		{"a child that waits for its own", CauseWall, []LastWord{shell, word(10, 10, "sh", DoingWait, "wait4", -1, ""), word(11, 11, "x", DoingRun, "", -1, "")}, 0, "jail: it was waiting in wait4; its process x (pid 4) was running, 1 other thread"},
		{"a call that it was ended for", CauseSuspicious, []LastWord{word(9, 9, "a", DoingWait, "mount", -1, "")}, 0, ""},
		{"a forged name", CauseCPU, []LastWord{lock, word(9, 12, "a\n\x1b", DoingRun, "", -1, "")}, 0, "jail: its thread a?? was running, 1 other thread"},
	} {
		r := New("a")
		killedFor(c.cause)(&r.Evidence)
		r.Evidence.LastWords, r.Evidence.LastWordsMore = c.list, &c.more
		r.Conclude()
		if got := LastWords(r); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestLastWordsOfAnyLengthAreOneShortLine(t *testing.T) {
	r := New("a")
	killedFor(CauseWall)(&r.Evidence)
	long := strings.Repeat("é\n", 4000)
	r.Evidence.LastWords = []LastWord{{Comm: long, Syscall: &long, FD: new(3), Target: &long, State: DoingWait}}
	r.Conclude()
	if got := LastWords(r); len(got) > 2*mostLastWords || strings.Contains(got, "\n") || strings.Contains(got, "\ufffd") {
		t.Errorf("%q", got)
	}
}
