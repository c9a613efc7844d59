package cgroup

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// To a jail gc in another pid namespace the owner of every group is gone, and
// one that is being made is not locked for a moment. The owner of these names is
// gone indeed, so that one process can play both parts.
func TestAGroupIsMadeWhileItIsTakenForLeftBehind(t *testing.T) {
	h := testHost(t)
	other, err := Detect()
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	ctx, stop := context.WithCancel(t.Context())
	var removed atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			list, _ := GC(ctx, other) // what it can't remove is in use
			removed.Add(int64(len(list)))
		}
	})
	begun := time.Now()
	for seq := uint64(0); seq < 400 || removed.Load() == 0 && time.Since(begun) < 30*time.Second; seq++ {
		g, err := h.Create(Name{PID: 1 << 30, Start: 1, Seq: seq + 1}.String(), small())
		if err != nil {
			t.Errorf("group %d: %v", seq+1, err)
			continue
		}
		if err := g.Remove(); err != nil {
			t.Errorf("group %d: %v", seq+1, err)
		}
		g.Close()
	}
	stop()
	wg.Wait()
	if removed.Load() == 0 {
		t.Error("none was removed while it was made: nothing is shown")
	}
}
