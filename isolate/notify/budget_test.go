package notify

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

const most = 16

// budgeted are options that let so many netlink sockets be.
func budgeted(most int) Options {
	return Options{
		Answer: func(int32, [6]uint64) (unix.Errno, string, string) { return unix.ENOBUFS, "sockets", "close some" },
		Budget: func(nr int32, _ [6]uint64) int {
			if nr != unix.SYS_SOCKET {
				return 0
			}
			return most
		},
		OnSuspicious: func(Call) {},
	}
}

func TestSocketsAreMadeUpToTheBudgetAndRefusedFromThenOn(t *testing.T) {
	for _, c := range []struct{ most, want int }{{most, most}, {1000, 20}} { // 1000: as if there were no budget
		j := start(t, "netlink", budgeted(c.most))
		if made := j.run(t); made != c.want {
			t.Errorf("%d sockets made, want %d", made, c.want)
		}
		list := j.Denials()
		if c.want == 20 && len(list) == 0 {
			continue
		}
		if len(list) != 1 || list[0].Count != 4 || list[0].Errno != "ENOBUFS" || list[0].Rule != "sockets" {
			t.Errorf("got %+v, want 4 calls beyond the budget and none of those that went on", list)
		}
	}
}

func TestClosedSocketsAreNotCounted(t *testing.T) {
	j := start(t, "netlink again", budgeted(most))
	if status := j.run(t); status != 0 || len(j.Denials()) != 0 {
		t.Errorf("status %d, %+v", status, j.Denials())
	}
}

func TestABurstOfThreadsGetsTwiceTheBudgetAtMost(t *testing.T) {
	j := start(t, burst, budgeted(most))
	if made := j.run(t); made < most || made > 2*most {
		t.Errorf("%d sockets made, want %d to %d", made, most, 2*most)
	}
}

func TestUnboundSocketsAreCounted(t *testing.T) {
	l := &Listener{}
	before, ok := l.netlinkSockets(os.Getpid())
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	defer unix.Close(fd)
	if after, ok := l.netlinkSockets(os.Getpid()); !ok || after <= before {
		t.Errorf("%d, then %d sockets, %v", before, after, ok)
	}
}

func TestWhatCannotBeCountedIsRefused(t *testing.T) {
	if n, ok := (&Listener{}).netlinkSockets(1 << 30); ok {
		t.Errorf("counted %d sockets of a process that is not there", n)
	}
	for _, text := range []string{"", "NETLINK", "NETLINK 1096", "NETLINK 1096 x\n", "NETLINK 1096 -1\n", "xNETLINK 1096 3\n"} {
		if n, ok := socketsOf([]byte(text), "NETLINK"); ok {
			t.Errorf("%q: counted %d", text, n)
		}
	}
	if n, ok := socketsOf([]byte("protocol size sockets\nNETLINK   1096     50      -1   NI\n"), "NETLINK"); !ok || n != 50 {
		t.Errorf("got %d, %v; want 50", n, ok)
	}
}
