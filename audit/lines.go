package audit

import (
	"bytes"
	"io"
)

// lines reads a log, line by line, in a buffer of its own.
type lines struct {
	src    io.Reader
	buf    []byte
	from   int // what is not yet given begins here
	line   int // number of the last line that was given
	offset int64
	long   bool  // the rest of a line that is too long is passed over
	err    error // of src; io.EOF at its end
}

// readLines begins to read.
func readLines(src io.Reader) *lines { return &lines{src: src, buf: make([]byte, 0, 8*MostLine)} }

// next gives the next line without its newline, and whether it had one. Of one
// that is longer than any line of a log it gives the beginning, which is longer
// than a line may be too. At the end it gives io.EOF. The line holds until the
// next call.
func (l *lines) next() (text []byte, whole bool, err error) {
	for {
		if n := bytes.IndexByte(l.buf[l.from:], '\n'); n >= 0 {
			text = l.buf[l.from : l.from+n]
			l.from += n + 1
			l.offset += int64(n + 1)
			if l.long {
				l.long = false
				continue
			}
			l.line++
			return text, true, nil
		}
		if l.err != nil {
			return l.last()
		}
		if len(l.buf)-l.from > MostLine {
			return l.tooLong()
		}
		l.fill()
	}
}

// tooLong gives the beginning of a line, and has the rest passed over.
func (l *lines) tooLong() (text []byte, whole bool, err error) {
	text = l.buf[l.from:]
	l.offset += int64(len(text))
	l.from = len(l.buf)
	if l.long {
		return l.next()
	}
	l.long = true
	l.line++
	return text, true, nil
}

// last gives what stands behind the last newline.
func (l *lines) last() (text []byte, whole bool, err error) {
	text = l.buf[l.from:]
	l.from = len(l.buf)
	l.offset += int64(len(text))
	if len(text) == 0 || l.err != io.EOF || l.long {
		return nil, false, l.err
	}
	l.line++
	return text, false, nil
}

func (l *lines) fill() {
	l.buf = l.buf[:copy(l.buf[:cap(l.buf)], l.buf[l.from:])]
	l.from = 0
	n, err := l.src.Read(l.buf[len(l.buf):cap(l.buf)])
	l.buf = l.buf[:len(l.buf)+n]
	l.err = err
}
