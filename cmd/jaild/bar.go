package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/rootfs/image"
	"golang.org/x/sys/unix"
)

// bar is one line on a terminal that says how far an import is. Elsewhere there is none.
type bar struct {
	out   *os.File // nil: no terminal
	last  time.Time
	width int // of what stands there
}

// barEvery is as often as an eye can follow.
const barEvery = 100 * time.Millisecond

func newBar(out *os.File) *bar {
	if !drawable(out) {
		out = nil
	}
	return &bar{out: out}
}

// drawable says whether a line can be written over: on a terminal that is not dumb.
func drawable(to *os.File) bool {
	_, err := unix.IoctlGetTermios(int(to.Fd()), unix.TCGETS)
	return err == nil && os.Getenv("TERM") != "dumb"
}

// show draws the line anew, if that is worth it.
func (b *bar) show(p image.Progress) {
	if b.out == nil || time.Since(b.last) < barEvery {
		return
	}
	b.last = time.Now()
	b.draw(progressText(p))
}

// draw writes over what stands there, with nothing but a carriage return and spaces:
// there is no colour that NO_COLOR would take away.
func (b *bar) draw(text string) {
	fmt.Fprint(b.out, "\r"+text+strings.Repeat(" ", max(b.width-len(text), 0)))
	b.width = len(text)
}

// clear leaves the line to what comes next.
func (b *bar) clear() {
	if b.out != nil && b.width > 0 {
		b.draw("")
		fmt.Fprint(b.out, "\r")
	}
}

func progressText(p image.Progress) string {
	const steps = 20
	text := "layer " + strconv.Itoa(p.Layer) + " of " + strconv.Itoa(p.Layers) + " "
	switch {
	case p.Present:
		return text + "is there"
	case p.Total <= 0:
		return text + mib(p.Bytes)
	}
	done := int(min(p.Bytes*steps/p.Total, steps))
	return text + "[" + strings.Repeat("#", done) + strings.Repeat(".", steps-done) + "] " + mib(p.Bytes) + " of " + mib(p.Total)
}

func mib(n int64) string {
	return strconv.FormatFloat(float64(n)/float64(size.MiB), 'f', 1, 64) + "M"
}
