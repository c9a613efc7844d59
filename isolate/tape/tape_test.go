package tape

import (
	"encoding/binary"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func sample(t *testing.T) (tp *Tape, word uint64, slot Addr) {
	t.Helper()
	b := NewBuilder()
	b.Enter(Stage, Next)
	slot = b.Var(8)
	text := b.CString("hello")
	b.Call("write", unix.SYS_WRITE, 1, text, 5)
	b.Call("clone", unix.SYS_CLONE3, b.Words(7, text), 16)
	b.Call("exit", unix.SYS_EXIT_GROUP, 0)
	b.SetVar(slot, text)
	tp, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return tp, tp.Ops[1].Args[0], slot
}

func TestAddressesOfConstantsAreSettledEverywhere(t *testing.T) {
	tp, word, slot := sample(t)
	text := tp.Ops[0].Args[1]
	if s, ok := tp.Text(text); !ok || string(s) != "hello" {
		t.Errorf("the op's argument leads to %q", s)
	}
	if tp.Word(word+8) != text || tp.Word(uint64(slot)) != text {
		t.Error("a word of a constant, or of a variable, still holds an offset")
	}
}

func TestMemoryEndsWhereItsRegionEnds(t *testing.T) {
	tp, word, slot := sample(t)
	for _, c := range []struct {
		at   uint64
		n    int
		want bool
	}{
		{word, 16, true}, {word, 17, false}, {word, -1, false},
		{uint64(slot), 8, true}, {uint64(slot), 9, false},
		{OpsBase, 8, false}, {CodeBase, 1, false}, {0, 1, false}, {^uint64(0), 8, false},
	} {
		if got := tp.Bytes(c.at, c.n) != nil; got != c.want {
			t.Errorf("%d bytes at %#x: %v", c.n, c.at, got)
		}
	}
	if tp.Holds(ErrOp) || tp.Holds(Addr(word)) || !tp.Holds(slot) || tp.Holds(slot+1) {
		t.Error("a result belongs among the variables, past the error cell")
	}
}

func TestOpsAreNamedByTheirAddress(t *testing.T) {
	for i := range 3 {
		if got, ok := OpAt(AddrOf(i), 3); !ok || got != i {
			t.Errorf("op %d is found as %d, %v", i, got, ok)
		}
	}
	if _, ok := OpAt(AddrOf(3), 3); ok {
		t.Error("an op past the end is found")
	}
}

func TestMutantsLeaveTheTapeAsItWas(t *testing.T) {
	tp, word, _ := sample(t)
	if m := tp.WithWord(word, 9); m.Word(word) != 9 || tp.Word(word) != 7 {
		t.Error("the word is not changed in the copy alone")
	}
	m := tp.Without(func(o Op) bool { return o.Step == "write" })
	if m.Ops[0].Call != unix.SYS_GETPID || tp.Ops[0].Call != unix.SYS_WRITE {
		t.Error("the op is not left out of the copy alone")
	}
}

func TestLabelWithoutAPlaceIsRefused(t *testing.T) {
	b := NewBuilder()
	b.Enter(Stage, b.NewLabel())
	b.Call("exit", unix.SYS_EXIT_GROUP, 0)
	if _, err := b.Finish(); err == nil {
		t.Error("a tape with a branch to nowhere was finished")
	}
}

func TestAHeldTapeHaltsAtOneOpAndKeepsEveryAddress(t *testing.T) {
	tp, word, slot := sample(t)
	for i := range tp.Ops {
		h := tp.Held(i, 3, 9, 250)
		img := h.Image(nil)
		if tp.Ops[i].Call == unix.SYS_PPOLL || h.constBase() != tp.constBase() || h.Word(word) != 7 || h.Word(uint64(slot)) != tp.Word(uint64(slot)) {
			t.Errorf("op %d: an address has changed, or the tape itself", i)
		}
		played := []uint64{}
		for at := AddrOf(i); at != h.address(i, tp.Ops[i].Zero) && len(played) < 9; {
			op := img[pageSize+int(at-OpsBase):] // there is no code
			played = append(played, binary.LittleEndian.Uint64(op))
			at = binary.LittleEndian.Uint64(op[80:])
		}
		if want := []uint64{unix.SYS_WRITE, unix.SYS_PPOLL, tp.Ops[i].Call}; !slices.Equal(played, want) {
			t.Errorf("op %d is played as %d, not %d", i, played, want)
		}
	}
}
