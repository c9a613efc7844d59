//go:build !race

package cgroup

import "testing"

// The race detector moves the buffer of a read to the heap, hence the tag.
func TestReadsOfAFinishedRunAreCheap(t *testing.T) {
	g := testGroup(t, small())
	if _, err := g.CPU(); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(20, func() { _, _ = g.CPU() }); n != 0 {
		t.Errorf("CPU allocates %v times", n)
	}
}
