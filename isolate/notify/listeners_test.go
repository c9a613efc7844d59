package notify

import (
	"testing"

	"golang.org/x/sys/unix"
)

// listening are options that let so many TCP listeners be.
func listening(most int) Options {
	return Options{
		Answer: func(int32, [6]uint64) (unix.Errno, string, string) { return unix.ENOBUFS, "listeners", "close some" },
		Budget: func(nr int32, _ [6]uint64) int {
			if nr != unix.SYS_LISTEN {
				return 1000
			}
			return most
		},
		OnSuspicious: func(Call) {},
	}
}

// listeners listens n times on sockets of both families in turn, and is how often
// it could.
func listeners(n int, closing bool) (made int) {
	for i := range n {
		fd, err := unix.Socket([]int{unix.AF_INET, unix.AF_INET6}[i%2], unix.SOCK_STREAM, 0)
		if err != nil {
			return 100
		}
		switch err := unix.Listen(fd, 1); err {
		case nil:
			made++
		case unix.ENOBUFS:
		default:
			return 101
		}
		if closing {
			unix.Close(fd)
		}
	}
	return made
}

func TestListenersStandUpToTheBudgetAndAreRefusedFromThenOn(t *testing.T) {
	for _, c := range []struct{ most, want int }{{most, most}, {1000, 20}} { // 1000: as if there were no budget
		j := start(t, "listen", listening(c.most))
		if made := j.run(t); made != c.want {
			t.Errorf("%d listeners, want %d", made, c.want)
		}
		list := j.Denials()
		if c.want == 20 && len(list) == 0 {
			continue
		}
		if len(list) != 1 || list[0].Count != 4 || list[0].Errno != "ENOBUFS" || list[0].Rule != "listeners" {
			t.Errorf("got %+v, want 4 calls beyond the budget and none of those that went on", list)
		}
	}
}

func TestClosedListenersAreNotCounted(t *testing.T) {
	j := start(t, "listen again", listening(most))
	if made := j.run(t); made != 40 || len(j.Denials()) != 0 {
		t.Errorf("listened %d times of 40, %+v", made, j.Denials())
	}
}

func TestListenersThatCannotBeCountedStayAsManyAsTheyWere(t *testing.T) {
	l := &Listener{listeners: most}
	if l.mayListen(1<<30, most, 0) || l.listeners != most {
		t.Errorf("%d listeners of a process that is not there", l.listeners)
	}
}
