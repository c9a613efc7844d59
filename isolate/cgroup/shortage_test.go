package cgroup

import (
	"testing"

	"golang.org/x/sys/unix"
)

// leave takes all descriptors of this process but some, until the function that
// it gives is called, or the test ends.
func leave(t *testing.T, free int) (restore func()) {
	t.Helper()
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	low := old
	low.Cur = 256
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	var taken []int
	for {
		fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			break
		}
		taken = append(taken, fd)
	}
	for range free {
		unix.Close(taken[len(taken)-1])
		taken = taken[:len(taken)-1]
	}
	restore = func() {
		closeAll(taken)
		taken = nil
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &old)
	}
	t.Cleanup(restore)
	return restore
}

// decides reads all by which a jail is ended.
func decides(g *Group) error {
	_, err := g.CPU()
	if err == nil {
		_, err = g.PidsAtMax()
	}
	if err == nil {
		_, err = g.OOMKills()
	}
	return err
}

func TestWhatDecidesIsReadWithoutADescriptorLeft(t *testing.T) {
	g := testGroup(t, small())
	restore := leave(t, 0)
	err := decides(g)
	restore()
	if err != nil {
		t.Error(err)
	}
}

func TestAGroupIsMadeWithAllThatDecidesOrNotAtAll(t *testing.T) {
	h := testHost(t)
	for free := range 40 {
		name := h.NewName()
		restore := leave(t, free)
		g, err := h.Create(name, small())
		if err == nil {
			err = decides(g)
			restore()
			if err != nil {
				t.Errorf("made with %d descriptors, but then: %v", free, err)
			}
			if err := g.Remove(); err != nil {
				t.Error(err)
			}
			return
		}
		restore()
		if !Passing(err) {
			t.Errorf("with %d descriptors: %v", free, err)
		}
		assertGone(t, h, name)
	}
	t.Error("40 descriptors are too few for a group")
}

func TestACounterThatCouldNotBeOpenedIsNotAbsent(t *testing.T) {
	g := testGroup(t, small())
	read := func() error {
		g.mu.Lock()
		defer g.mu.Unlock()
		_, _, err := g.read(fileCurrent, make([]byte, 64))
		return err
	}
	restore := leave(t, 0)
	err := read()
	restore()
	if !Passing(err) || Absent(err) {
		t.Errorf("without descriptors: %v", err)
	}
	if err := read(); err != nil {
		t.Errorf("with descriptors again: %v", err)
	}
}

func TestWhatTheKernelLacksIsAbsent(t *testing.T) {
	g := testGroup(t, Spec{Memory: 32 << 20, Pids: 40})
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, _, err := g.read(fileIOBytes, make([]byte, 64)); !Absent(err) {
		t.Errorf("a counter that was not asked for: %v", err)
	}
}

// Zero is a descriptor like any other, where the caller has closed his input.
func TestACounterMayBeDescriptorZero(t *testing.T) {
	g := testGroup(t, small())
	g.mu.Lock()
	defer g.mu.Unlock()
	saved, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = unix.Dup3(saved, 0, 0)
		unix.Close(saved)
	}()
	unix.Close(0)
	b, _, err := g.read(fileCurrent, make([]byte, 64))
	if g.reads[fileCurrent] != 0 {
		t.Fatalf("descriptor %d, not 0", g.reads[fileCurrent])
	}
	if _, ok := number(b); err != nil || !ok {
		t.Errorf("%q, %v", b, err)
	}
	g.mu.Unlock()
	err = g.Remove() // and Close
	g.mu.Lock()
	if _, errno := unix.FcntlInt(0, unix.F_GETFD, 0); err != nil || errno != unix.EBADF {
		t.Errorf("descriptor 0 after Remove (%v): %v", err, errno)
	}
}

// A host that could not be looked at is not one without groups.
func TestDetectSaysWhenItCouldNotLook(t *testing.T) {
	want := testHost(t).Mode
	for free := range 40 {
		restore := leave(t, free)
		h, err := Detect()
		restore()
		if err == nil {
			defer h.Close()
			if h.Mode != want {
				t.Fatalf("with %d descriptors the mode is %s, not %s: %v", free, h.Mode, want, h.Why())
			}
			return
		}
		if !Passing(err) {
			t.Errorf("with %d descriptors: %v", free, err)
		}
	}
	t.Error("40 descriptors are too few to look at the host")
}
