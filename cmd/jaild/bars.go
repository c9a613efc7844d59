package main

import (
	"os"
	"sync"

	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/rootfs/registry"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// bars shows how far each blob is, at a terminal. They have no colours, so there is
// nothing that NO_COLOR would take away.
type bars struct {
	all  *mpb.Progress // nil: no terminal
	mu   sync.Mutex
	each map[digest.Digest]*mpb.Bar
}

func newBars(to *os.File, quiet bool) *bars {
	b := &bars{each: map[digest.Digest]*mpb.Bar{}}
	if !quiet && drawable(to) {
		b.all = mpb.New(mpb.WithOutput(to), mpb.WithWidth(48))
	}
	return b
}

// progress is nil where nobody looks.
func (b *bars) progress() func(registry.Progress) {
	if b.all == nil {
		return nil
	}
	return b.show
}

func (b *bars) show(p registry.Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	bar := b.each[p.Blob]
	if bar == nil {
		bar = b.all.AddBar(p.Total,
			mpb.PrependDecorators(decor.Name(p.Blob.Hex()[:12]+" ")),
			mpb.AppendDecorators(decor.CountersKibiByte("% .1f of % .1f")))
		b.each[p.Blob] = bar
	}
	bar.SetCurrent(p.Done)
}

// end leaves the bars as they are.
func (b *bars) end() {
	if b.all == nil {
		return
	}
	for _, bar := range b.each {
		bar.Abort(false) // which does nothing to one that is full
	}
	b.all.Wait()
}
