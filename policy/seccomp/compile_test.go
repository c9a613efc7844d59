package seccomp

import (
	"errors"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

func TestCompiledDecidesAsTheTable(t *testing.T) {
	for name, r := range map[string]*Rules{"default": DefaultRules(), "init": InitRules(), "empty": {}} {
		for _, o := range variants {
			t.Run(name+"/listener="+strconv.FormatBool(o.Listener), func(t *testing.T) {
				prog := compile(t, r, o)
				n := 0
				inputs(r, func(d Data) {
					n++
					want := Reference(r, d).Return(o)
					if got := simulate(t, prog, d); got != want {
						t.Fatalf("%s %+v: filter 0x%x, table 0x%x", Name(int(d.Nr)), d, got, want)
					}
				})
				t.Logf("%d instructions, %d inputs", len(prog), n)
			})
		}
	}
}

func TestBuiltInBytesAreWhatTheCompilerMakes(t *testing.T) {
	for _, c := range []struct {
		name  string
		bytes string
		rules *Rules
		o     Options
	}{
		{"default", DefaultBytes(Options{}), DefaultRules(), Options{}},
		{"default with listener", DefaultBytes(Options{Listener: true}), DefaultRules(), Options{Listener: true}},
		{"init", InitBytes(), InitRules(), Options{}},
	} {
		if string(Bytes(compile(t, c.rules, c.o))) != c.bytes {
			t.Errorf("%s: compiled_*.go is not current: run go generate, or for arm64 as gen.go says", c.name)
		}
	}
}

func TestDecodedBytesAreTheProgram(t *testing.T) {
	for _, prog := range [][]Filter{Default(Options{}), Default(Options{Listener: true}), Init()} {
		if string(Bytes(decode(string(Bytes(prog))))) != string(Bytes(prog)) || len(prog) == 0 {
			t.Error("bytes do not survive a round trip")
		}
	}
}

// A filter's cost is paid for each number at its installation, so it must stay
// near the depth of a balanced tree.
func TestFewInstructionsDecideACall(t *testing.T) {
	prog := Default(Options{Listener: true})
	total, worst := 0, 0
	for nr := 0; nr <= MaxKnown; nr++ {
		_, steps, err := Simulate(prog, native(nr))
		if err != nil {
			t.Fatal(err)
		}
		total += steps
		if Name(nr) != "socket" {
			worst = max(worst, steps)
		}
	}
	mean := float64(total) / float64(MaxKnown+1)
	t.Logf("%d instructions, mean %.1f, worst %d", len(prog), mean, worst)
	if mean > 12 || worst > 26 {
		t.Errorf("mean %.1f and worst %d instructions a call; want at most 12 and 26", mean, worst)
	}
}

func TestFarJumpsGoThroughTrampolines(t *testing.T) {
	var values []uint64
	for v := uint64(0); v < 500; v++ {
		values = append(values, v*0x1_0000_0003)
	}
	r := &Rules{
		Groups: []Group{{Name: "g", Why: "w", Answer: Errno(unix.EACCES), Calls: []string{"read", "write", "ioctl"}}},
		Checks: []Check{
			{Call: "ioctl", Why: "w", Answer: Allow(), When: []Arg{{Index: 5, Mask: Whole, Values: values}, {Index: 0, Mask: Low32, Values: []uint64{7}}}},
			{Call: "ioctl", Why: "w", Answer: Errno(unix.EIO), When: []Arg{{Index: 5, Mask: Whole, Values: values[:3]}}},
		},
		Default: Errno(unix.ENOSYS),
	}
	prog := compile(t, r, Options{})
	if len(prog) < 2*maxJump {
		t.Fatalf("%d instructions do not test far jumps", len(prog))
	}
	for _, a0 := range []uint64{7, 8} {
		for _, v := range append(values, 1, 1<<32, Whole) {
			d := native(unix.SYS_IOCTL, a0, 0, 0, 0, 0, v)
			if got, want := simulate(t, prog, d), Reference(r, d).Return(Options{}); got != want {
				t.Fatalf("%+v: filter 0x%x, table 0x%x", d, got, want)
			}
		}
	}
}

func TestAProgramOverTheKernelsLimitIsRefused(t *testing.T) {
	values := make([]uint64, 3000)
	for i := range values {
		values[i] = uint64(i) << 16
	}
	r := &Rules{
		Groups: []Group{{Name: "g", Why: "w", Calls: []string{"ioctl"}}},
		Checks: []Check{{Call: "ioctl", Why: "w", Answer: Allow(), When: []Arg{{Mask: Whole, Values: values}}}},
	}
	if _, err := Compile(r, Options{}); !errors.Is(err, ErrTooLong) {
		t.Errorf("got %v, want ErrTooLong", err)
	}
}

func TestSimulateRefusesWhatTheKernelWould(t *testing.T) {
	for name, prog := range map[string][]Filter{
		"empty":      {},
		"runs off":   {{Code: opJump, K: 9}},
		"unaligned":  {{Code: opLoad, K: 2}, {Code: opRet}},
		"outside":    {{Code: opLoad, K: 64}, {Code: opRet}},
		"no such op": {{Code: 0xffff}, {Code: opRet}},
	} {
		var e *Error
		if _, _, err := Simulate(prog, Data{}); !errors.As(err, &e) {
			t.Errorf("%s: got %v, want an *Error", name, err)
		}
	}
}

func BenchmarkDefault(b *testing.B) {
	for b.Loop() {
		Default(Options{Listener: true})
	}
}

func BenchmarkCompile(b *testing.B) {
	r := DefaultRules()
	for b.Loop() {
		if _, err := Compile(r, Options{Listener: true}); err != nil {
			b.Fatal(err)
		}
	}
}
