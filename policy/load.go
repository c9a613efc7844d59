package policy

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"
)

// What Load reads at most, in all.
const (
	maxFile  = 1 << 20 // bytes of one file
	maxFiles = 64      // files, each counted as often as it is included
)

// Load reads a policy from a TOML or JSON file (by its suffix, else by its first
// byte) and the files that it includes, which are merged first. Relative paths
// of sources and includes start at the folder of the file that names them.
//
// Nothing is guessed: an unknown key, a wrong type, a bare number for a time, a
// value that Validate would refuse is an error with file, line and column. All
// mistakes are reported, as *Error values joined; Errors lists them.
//
// A file may be a link, but must be a regular file of at most 1 MiB.
func Load(path string) (*Policy, error) {
	l := loader{}
	return l.load(path, nil)
}

// Parse is Load for bytes at hand; name's suffix and folder count as there.
func Parse(name string, data []byte) (*Policy, error) {
	l := loader{}
	return l.parse(name, data, []visit{{name: name}})
}

// visit is one file on the way from the first to the one being read.
type visit struct {
	name string
	info fs.FileInfo // nil for bytes at hand
}

type loader struct{ files int }

func (l *loader) load(name string, chain []visit) (*Policy, error) {
	if l.files++; l.files > maxFiles {
		return nil, &Error{Value: name, Err: ErrTooMany, Hint: "a policy has at most 64 files, each counted as often as it is included"}
	}
	data, info, err := read(name)
	if err != nil {
		return nil, err
	}
	chain = append(slices.Clip(chain), visit{name, info})
	if err := cycle(chain); err != nil {
		return nil, err
	}
	return l.parse(name, data, chain)
}

// parse decodes one file and lays it on its includes.
func (l *loader) parse(name string, data []byte, chain []visit) (*Policy, error) {
	d := decode(name, data)
	base := &Policy{}
	for i, in := range d.includes {
		path := in.path
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(name), path)
		}
		p, err := l.load(path, chain)
		if err != nil {
			d.included(in, i, err)
			continue
		}
		base = Merge(base, p)
	}
	if len(d.errs) > 0 {
		return nil, errors.Join(d.errs...)
	}
	return Merge(base, d.out), nil
}

// included keeps what an included file has wrong: mistakes inside it as they
// are, and that it can't be had at the line that asks for it.
func (d *decoder) included(in include, i int, err error) {
	for _, e := range Errors(err) {
		if e.Line > 0 {
			d.errs = append(d.errs, e)
			continue
		}
		at := *e
		at.Value = in.path
		d.fail(in.off, index("include", i), &at)
	}
}

// cycle refuses a file that is on the way to itself, under whatever name.
func cycle(chain []visit) error {
	last := len(chain) - 1
	for i := range last {
		if chain[i].info == nil || !os.SameFile(chain[i].info, chain[last].info) {
			continue
		}
		names := make([]string, 0, len(chain)-i)
		for _, v := range chain[i:] {
			names = append(names, v.name)
		}
		return &Error{Value: chain[last].name, Err: ErrCycle, Hint: strings.Join(names, " → ")}
	}
	return nil
}

// read gives the bytes of a regular file. O_NONBLOCK, or a FIFO would hold the
// open(2) until someone writes; what is no regular file is left unread.
func read(name string) ([]byte, fs.FileInfo, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0) // #nosec G304 -- the caller names its policy
	if err != nil {
		return nil, nil, fileError(name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, nil, fileError(name, err)
	case !info.Mode().IsRegular():
		return nil, nil, &Error{File: name, Err: ErrNotRegular, Hint: "a policy is read from a regular file"}
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, nil, fileError(name, err)
	case len(data) > maxFile:
		return nil, nil, &Error{File: name, Err: ErrTooLarge, Hint: "a policy has at most 1 MiB"}
	}
	return data, info, nil
}

// fileError drops the path of a fs.PathError, which File says already.
func fileError(name string, err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	return &Error{File: name, Err: err}
}

// decode reads one file's bytes, without its includes.
func decode(name string, data []byte) *decoder {
	d := &decoder{file: name, data: data, out: &Policy{}}
	dir, err := absolute(filepath.Dir(name))
	if err != nil {
		d.fail(0, "", err) // no working folder: no relative path has a meaning
		return d
	}
	d.dir = dir
	root, err := parseTree(name, data)
	if m, ok := asMisplaced(err); ok {
		d.fail(m.off, m.key, m.err)
	}
	if root != nil {
		d.table("", root, fields[:])
	}
	return d
}

func parseTree(name string, data []byte) (*node, error) {
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return nil, at(i, "", ErrNUL, "a policy is plain text")
	}
	if !utf8.Valid(data) {
		return nil, at(firstInvalid(data), "", ErrNotUTF8, "TOML and JSON are UTF-8 by definition")
	}
	if bytes.HasPrefix(data, []byte("\ufeff")) {
		return nil, at(0, "", ErrSyntax, "it begins with a byte order mark, as some editors write: save it as UTF-8 without one")
	}
	if isJSON(name, data) {
		root, err := parseJSON(data)
		return root, readAs(err, "JSON")
	}
	root, err := parseTOML(data)
	return root, readAs(err, "TOML")
}

// readAs says in which format a file was not well formed: it may have the name
// of another, or be in one that policies don't have.
func readAs(err error, format string) error {
	if m, ok := asMisplaced(err); ok && m.err.Err == ErrSyntax {
		m.err.Hint += " (read as " + format + ", by the name's end or the first byte)"
	}
	return err
}

func isJSON(name string, data []byte) bool {
	switch filepath.Ext(name) {
	case ".json":
		return true
	case ".toml":
		return false
	}
	return bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{"))
}

func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return 0
}
