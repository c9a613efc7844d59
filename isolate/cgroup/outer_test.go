package cgroup

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// below gives a host whose own group of a controller is two below a new one, to
// which the file's value is written.
func below(t *testing.T, controller, value string) (h *Host, file string) {
	t.Helper()
	outer := testHost(t).find(controller)
	if outer.version == 2 {
		testGroup(t, Spec{Memory: 64 << 20, Pids: 40}) // so that the controllers are enabled
		outer = testHost(t).unified
	}
	top := filepath.Join(outer.path, "bounded-"+controller+strconv.Itoa(os.Getpid()))
	mid, own := top+"/mid", top+"/mid/own"
	for i, dir := range []string{top, mid, own} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Remove(dir) })
		if outer.version == 2 && i < 2 {
			if err := os.WriteFile(dir+"/cgroup.subtree_control", []byte("+"+controller), 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	file = filepath.Join(top, boundFile(controller, outer.version))
	if err := os.WriteFile(file, []byte(value), 0); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Open(own, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	rel := outer.child(filepath.Base(top)) + "/mid/own"
	h = &Host{seat: -1, located: true, trees: []*tree{{version: outer.version, controllers: []string{controller}, path: own, rel: rel, fd: fd}}}
	t.Cleanup(h.Close)
	return h, file
}

func TestTheLeastLimitAboveIsFound(t *testing.T) {
	for controller, value := range map[string]int64{"memory": 96 << 20, "pids": 77} {
		h, file := below(t, controller, strconv.FormatInt(value, 10))
		if b, ok := h.Outer(controller); !ok || b.Value != value || b.Path != file {
			t.Errorf("%s: %+v, %v", controller, b, ok)
		}
		if b, ok := h.Own(controller); ok {
			t.Errorf("%s: our own group has %+v, before it is given one", controller, b)
		}
		own := filepath.Join(h.trees[0].path, filepath.Base(file))
		if err := os.WriteFile(own, []byte(strconv.FormatInt(value/2, 10)), 0); err != nil {
			t.Fatal(err)
		}
		b, ok := h.Outer(controller)
		if !ok || b.Path != own || b.Value > value/2 {
			t.Errorf("%s: %+v, %v, with less in our own group", controller, b, ok)
		}
		if o, ok := h.Own(controller); !ok || o != b {
			t.Errorf("%s: our own group has %+v, %v", controller, o, ok)
		}
		if all := h.Outers(); len(all) != 1 || all[0] != b {
			t.Errorf("%+v", all)
		}
	}
}

func TestWithoutALimitAboveThereIsNone(t *testing.T) {
	h, file := below(t, "pids", "max")
	if b, ok := h.Outer("pids"); ok && filepath.Dir(b.Path) == filepath.Dir(file) {
		t.Errorf("%+v", b)
	}
	h.Close()
	if b, ok := h.Outer("pids"); ok {
		t.Errorf("of a closed host: %+v", b)
	}
}

func TestBandwidthIsReadInThousandthsOfACore(t *testing.T) {
	for text, want := range map[string]int64{"50000 100000": 500, "250000 100000": 2500, "max 100000": 0, "-1 100000": 0, "x y": 0} {
		if got, ok := share(-1, "", strings.Fields(text)); got != want || ok != (want > 0) {
			t.Errorf("%q: %d, %v", text, got, ok)
		}
	}
}

func BenchmarkOuter(b *testing.B) {
	h, err := host()
	if err != nil || h.Mode == ModeNone {
		b.Skip("needs a writable cgroup hierarchy")
	}
	for _, controller := range []string{"memory", "pids"} {
		b.Run(controller, func(b *testing.B) {
			for b.Loop() {
				h.Outer(controller)
			}
		})
		b.Run(controller+" of our own", func(b *testing.B) {
			for b.Loop() {
				h.Own(controller)
			}
		})
	}
}
