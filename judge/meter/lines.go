package meter

import (
	"bytes"
	"io"
)

// mostLine is more than any record has.
const mostLine = 64 << 10

// lines reads a meter file, line by line.
type lines struct {
	src    io.Reader
	buf    []byte
	from   int // what is not yet given begins here
	line   int // number of the last line that was given
	offset int64
	err    error // of src; io.EOF at its end
}

// readLines begins to read.
func readLines(src io.Reader) *lines { return &lines{src: src, buf: make([]byte, 0, 1<<20)} }

// next gives the next line without its newline, and whether it had one. At the
// end it gives io.EOF. The line holds until the next call.
func (l *lines) next() (text []byte, whole bool, err error) {
	for {
		if n := bytes.IndexByte(l.buf[l.from:], '\n'); n >= 0 {
			text = l.buf[l.from : l.from+n]
			l.from += n + 1
			l.offset += int64(n + 1)
			l.line++
			return text, true, nil
		}
		if l.err != nil {
			return l.last()
		}
		l.fill()
	}
}

// last gives what stands behind the last newline.
func (l *lines) last() (text []byte, whole bool, err error) {
	if text = l.buf[l.from:]; len(text) == 0 || l.err != io.EOF {
		return nil, false, l.err
	}
	l.from = len(l.buf)
	l.line++
	return text, false, nil
}

// fill reads more. A line that is too long is cut: it is no record anyway, and
// of what it has the beginning is enough to say so.
func (l *lines) fill() {
	l.buf = append(l.buf[:0], l.buf[l.from:]...)
	l.from = 0
	if len(l.buf) > mostLine {
		l.offset += int64(len(l.buf) - mostLine)
		l.buf = l.buf[:mostLine]
	}
	n, err := l.src.Read(l.buf[len(l.buf):cap(l.buf)])
	l.buf = l.buf[:len(l.buf)+n]
	l.err = err
}
