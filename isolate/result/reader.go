package result

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
)

// Reader reads back results that AppendLine wrote: one, or many behind each
// other (JSON lines), or many in one JSON array. A result may be laid out anew,
// as jq does it.
//
// It is strict, since who may write to the file may be the program that the
// result is of: every key must be there once, with a value of its type. Only a
// key that it does not know is passed over, for a field may be added under the
// same schema; [Reader.Unknown] tells which.
type Reader struct {
	text    *source
	dec     *json.Decoder
	inArray bool
	index   int // of the result in its array
	line    int
	unknown []string
}

// mostDocument bounds the text of one result: sixty rows of denials, each as
// long as can be, are a tenth of it.
const mostDocument = 4 << 20

// NewReader makes a reader; name is how its errors call the source.
func NewReader(src io.Reader, name string) *Reader {
	t := &source{src: src, name: name, most: mostDocument}
	dec := json.NewDecoder(t)
	dec.UseNumber()
	return &Reader{text: t, dec: dec}
}

// Next gives the next result, and io.EOF behind the last. Any other error is a
// *ReadError, after which there is no next.
func (r *Reader) Next() (*Result, error) {
	opened, err := r.open()
	if err != nil {
		return nil, err
	}
	if !opened {
		return nil, io.EOF
	}
	r.line, r.unknown = r.here(), nil
	d := &decoder{reader: r}
	if r.inArray {
		d.prefix = "[" + strconv.Itoa(r.index) + "]"
		r.index++
	}
	return d.result()
}

// Line is the line on which the last result began.
func (r *Reader) Line() int { return r.line }

// Unknown lists keys of the last result that this version does not know, a few
// at most.
func (r *Reader) Unknown() []string { return r.unknown }

// open takes the bracket that begins a result, and those of an array around. It
// says whether there is another result.
func (r *Reader) open() (bool, error) {
	for {
		r.text.most = r.dec.InputOffset() + mostDocument
		t, err := r.dec.Token()
		switch {
		case errors.Is(err, io.EOF) && !r.inArray:
			return false, r.none()
		case err != nil:
			return false, r.syntax("", err)
		case t == json.Delim('{'):
			return true, nil
		case t == json.Delim('[') && !r.inArray:
			r.inArray, r.index = true, 0
		case t == json.Delim(']'):
			r.inArray = false
		default:
			return false, r.fail(&ReadError{Err: ErrNoResult, Hint: hintFile})
		}
		r.text.began = true
	}
}

// none tells of a file without anything in it.
func (r *Reader) none() error {
	if r.line > 0 || r.text.began {
		return nil
	}
	return r.fail(&ReadError{Err: ErrEmpty, Hint: "jail writes the result when all is over: is it still running, or was it killed?"})
}

func (r *Reader) here() int { return r.text.lineAt(r.dec.InputOffset()) }

// fail adds to an error where the reader stands.
func (r *Reader) fail(e *ReadError) error {
	e.Object = r.text.name
	if e.Op == "" {
		e.Line = r.here()
	}
	return e
}

// syntax tells of what encoding/json could not read.
func (r *Reader) syntax(key string, err error) error {
	var bad *json.SyntaxError
	var e *ReadError
	switch {
	case errors.As(err, &e): // of source
		e.Line, e.Key = r.here(), key
		return e
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return r.fail(&ReadError{Key: key, Err: ErrTruncated, Hint: "whoever wrote it was stopped, or the disk was full"})
	case errors.As(err, &bad):
		return r.fail(&ReadError{Key: key, Err: ErrSyntax, Hint: bad.Error() + "; " + hintFile})
	}
	return r.fail(&ReadError{Op: "read", Err: err})
}

const hintFile = `name the file that "jail exec --json FILE" wrote; with --json - the result is the last line of the output`

// source is the text that is read, with the places of its newlines.
type source struct {
	src   io.Reader
	name  string
	read  int64
	most  int64   // no further
	ends  []int64 // offsets of newlines behind the last place that was asked for
	lines int     // newlines before those
	began bool    // there was more than white space
}

// Read bounds what one result may hold.
func (t *source) Read(p []byte) (int, error) {
	room := t.most - t.read
	if room <= 0 {
		return 0, &ReadError{Object: t.name, Err: ErrTooLong, Hint: "no result is longer than " + strconv.Itoa(mostDocument>>20) + " MiB"}
	}
	n, err := t.src.Read(p[:min(int64(len(p)), room)])
	for i, c := range p[:n] {
		if c == '\n' {
			t.ends = append(t.ends, t.read+int64(i))
		}
	}
	t.read += int64(n)
	return n, err
}

// lineAt is the line of an offset, which never lies before the last.
func (t *source) lineAt(offset int64) int {
	for len(t.ends) > 0 && t.ends[0] < offset {
		t.ends = t.ends[1:]
		t.lines++
	}
	return t.lines + 1
}
