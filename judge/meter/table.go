package meter

import (
	"bytes"
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// The table of runs that have begun, and whose line is not yet in the file. It
// has a head and places of one page each; a place has two halves: what is known
// when a run begins, and its whole line when it has ended. The second stands
// there before it is appended to the file, so that neither a kill nor a full
// disk loses it.
//
// A free place begins with a zero byte. Who has a place holds the lock of its
// first byte; one that is used and not held is of a supervisor that died.
const (
	tableHead = "jail.runs/v1\n"
	placeSize = 4096
	halfSize  = placeSize / 2
)

// tableOf names the table of a meter file.
func tableOf(path string) string { return path + ".runs" }

// place is one run's place as it was read.
type place struct {
	at    int64 // in the table
	begun begun
	ended []byte // its whole line, nil if it has not ended
	held  bool
}

// begun is what a place's first half says.
type begun struct {
	id       string // of the unfinished record
	from     int64  // the file's length: a line of this run's stands behind it
	reserved spending
	line     []byte // the unfinished record
}

// half writes the first half: fields up to a newline, and the line.
func (b *begun) half() []byte {
	text := append([]byte(b.id), ' ')
	text = strconv.AppendInt(text, b.from, 10)
	text = b.reserved.append(text)
	return append(append(text, '\n'), b.line...)
}

// readBegun reads a first half; it gives false for one that was never wholly
// written: its run was not begun.
func readBegun(half []byte) (b begun, ok bool) {
	head, rest, found := bytes.Cut(half, []byte("\n"))
	line, _, ended := bytes.Cut(rest, []byte("\n"))
	f := bytes.Fields(head)
	if !found || !ended || len(f) != 2+int(resources) {
		return begun{}, false
	}
	from, isNumber := digits(f[1], 1)
	b = begun{id: string(f[0]), from: from.int64(), line: rest[:len(line)+1]}
	b.reserved, ok = readSpending(f[2:])
	return b, ok && isNumber
}

// readEnded reads a second half: the id of the first, which tells it from what
// an earlier run has left there, and the line.
func readEnded(half []byte, id string) []byte {
	rest, ok := bytes.CutPrefix(half, []byte(id+"\n"))
	line, _, whole := bytes.Cut(rest, []byte("\n"))
	if !ok || !whole {
		return nil
	}
	return rest[:len(line)+1]
}

// readTable reads all places that are used, and gives the first that is free.
func readTable(f *os.File) (used []place, free int64, err error) {
	text, err := io.ReadAll(io.NewSectionReader(f, placeSize, 1<<40))
	if err != nil {
		return nil, 0, err
	}
	if free, err = behind(f, len(text)); err != nil {
		return nil, 0, err
	}
	for at := int64(placeSize); len(text) > 0; at += placeSize {
		page := make([]byte, placeSize) // the last may be cut
		text = text[copy(page, text):]
		p, ok := readPlace(page)
		p.at = at
		if p.held, err = isHeld(f, at); err != nil {
			return nil, 0, err
		}
		switch {
		case ok:
			used = append(used, p)
		case !p.held:
			free = min(free, at)
		}
	}
	return used, free, nil
}

func readPlace(page []byte) (p place, ok bool) {
	if page[0] == 0 {
		return p, false
	}
	if p.begun, ok = readBegun(page[:halfSize]); ok {
		p.ended = readEnded(page[halfSize:], p.begun.id)
	}
	return p, ok
}

// behind gives the first place behind the table that nobody holds: one that was
// given back may be held until its process is gone.
func behind(f *os.File, length int) (at int64, err error) {
	at = int64(placeSize + (length+placeSize-1)/placeSize*placeSize)
	for {
		if held, err := isHeld(f, at); err != nil || !held {
			return at, err
		}
		at += placeSize
	}
}

// openTable checks the head, and writes it in a new table.
func openTable(f *os.File) error {
	head := make([]byte, len(tableHead))
	n, err := f.ReadAt(head, 0)
	switch {
	case n == 0 && err == io.EOF:
		_, err = f.WriteAt([]byte(tableHead), 0)
		return err
	case err == nil && string(head) != tableHead:
		return ErrNotTable
	}
	return err
}

// writeHalf writes half a place, zeros behind the text.
func writeHalf(f *os.File, at int64, text []byte, size int) error {
	if len(text) >= halfSize {
		return ErrTooLong
	}
	page := make([]byte, size)
	copy(page, text)
	_, err := f.WriteAt(page, at)
	return err
}

// clearPlace frees a place. The room of the last one, and of those before it that
// are free already, is given back, so that a crowd does not make the table long for
// ever.
func clearPlace(f *os.File, at int64) error {
	st, err := f.Stat()
	if err == nil && st.Size() == at+placeSize {
		for at > placeSize && isFree(f, at-placeSize) {
			at -= placeSize
		}
		return unix.Ftruncate(int(f.Fd()), at)
	}
	_, err = f.WriteAt([]byte{0}, at)
	return err
}

func isFree(f *os.File, at int64) bool {
	var first [1]byte
	if _, err := f.ReadAt(first[:], at); err != nil || first[0] != 0 {
		return false
	}
	held, err := isHeld(f, at)
	return err == nil && !held
}
