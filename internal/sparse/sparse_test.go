package sparse

import (
	"os"
	"testing"
)

func TestDataIsFoundBetweenHoles(t *testing.T) {
	const hole, text = 1 << 20, "data"
	from, err := os.Create(t.TempDir() + "/from")
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	if _, err := from.WriteAt([]byte(text), hole); err != nil {
		t.Fatal(err)
	}
	if err := from.Truncate(3 * hole); err != nil {
		t.Fatal(err)
	}
	begin, end, more := Next(from, 0)
	if !more || begin > hole || end < hole+int64(len(text)) {
		t.Fatalf("from %d to %d, %v", begin, end, more)
	}
	if begin > 0 { // its file system tells holes
		if _, _, more := Next(from, end); more {
			t.Errorf("data behind %d", end)
		}
	}
	if _, _, more := Next(from, 3*hole); more {
		t.Error("data behind the end")
	}
	to, err := os.Create(t.TempDir() + "/to")
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	b := make([]byte, len(text))
	if n := InKernel(to, from, hole, int64(len(text))); n == int64(len(text)) {
		if _, err := to.ReadAt(b, hole); err != nil || string(b) != text {
			t.Errorf("copied %q, %v", b, err)
		}
	} else if n != 0 {
		t.Errorf("%d bytes were copied", n)
	}
}
