package learn

import (
	"bytes"
	"encoding/binary"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// tree is the host's files, as far as they were asked for.
type tree struct {
	links        map[string]string // "" for what is no link
	interpreters map[string]string
}

func newTree() tree { return tree{map[string]string{}, map[string]string{}} }

// place is where a name leads to.
type place struct {
	path string
	dir  bool
}

// mostLinks is how many links the kernel follows (path_resolution(7)).
const mostLinks = 40

// walk follows a name and notes the links on the way, but for those at the top:
// every view has them.
func (t *tree) walk(name string, links map[string]string) (place, bool) {
	at, rest := "/", strings.TrimPrefix(name, "/")
	for followed := 0; rest != ""; {
		var next string
		next, rest, _ = strings.Cut(rest, "/")
		if next == "" || next == "." {
			continue
		}
		if next == ".." {
			at = path.Dir(at)
			continue
		}
		at = path.Join(at, next)
		to := t.link(at)
		if to == "" {
			continue
		}
		if followed++; followed > mostLinks {
			return place{}, false
		}
		if strings.Count(at, "/") > 1 {
			links[at] = to
		}
		if at = path.Dir(at); path.IsAbs(to) {
			at = "/"
		}
		rest = strings.TrimPrefix(to+"/"+rest, "/")
	}
	st, err := os.Lstat(at)
	return place{at, err == nil && st.IsDir()}, err == nil
}

func (t *tree) link(at string) string {
	to, known := t.links[at]
	if !known {
		if len(t.links) >= mostKnown {
			clear(t.links)
		}
		to, _ = os.Readlink(at) // "" for what is no link
		t.links[at] = to
	}
	return to
}

// interpreter is what the kernel opens to run a program: the loader that an ELF
// file names, or the first word after #! (execve(2)).
func (t *tree) interpreter(program string) string {
	by, known := t.interpreters[program]
	if !known {
		if len(t.interpreters) >= mostKnown {
			clear(t.interpreters)
		}
		by = interpreterOf(program)
		t.interpreters[program] = by
	}
	return by
}

// mostKnown bounds what is kept so as not to be asked for again.
const mostKnown = 50_000

func interpreterOf(program string) string {
	if st, err := os.Stat(program); err != nil || !st.Mode().IsRegular() {
		return ""
	}
	f, err := os.OpenFile(program, os.O_RDONLY|unix.O_NONBLOCK, 0) // it may be a FIFO by now, whose writer nobody waits for
	if err != nil {
		return ""
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return ""
	}
	head := make([]byte, 256)
	n, _ := f.ReadAt(head, 0) // less is a short file
	if line, script := bytes.CutPrefix(head[:n], []byte("#!")); script {
		line, _, _ = bytes.Cut(line, []byte("\n"))
		words := strings.Fields(string(line))
		if len(words) == 0 {
			return ""
		}
		return words[0]
	}
	return loaderOf(f)
}

// loaderOf reads a 64-bit ELF file's PT_INTERP (elf(5)). Other files have none that
// a jail could use.
func loaderOf(f *os.File) string {
	const magic, headers, entry, entries, typeInterp = "\x7fELF\x02\x01", 32, 54, 56, 3
	var head [64]byte
	if n, _ := f.ReadAt(head[:], 0); n < len(head) || string(head[:len(magic)]) != magic {
		return ""
	}
	at, size := binary.LittleEndian.Uint64(head[headers:]), binary.LittleEndian.Uint16(head[entry:])
	for i := range binary.LittleEndian.Uint16(head[entries:]) {
		var p [56]byte // Elf64_Phdr: type, flags, offset, two addresses, size in the file
		if n, _ := f.ReadAt(p[:], int64(at)+int64(i)*int64(size)); n < len(p) {
			return ""
		}
		if length := binary.LittleEndian.Uint64(p[32:]); binary.LittleEndian.Uint32(p[:]) == typeInterp && length < 4096 {
			text := make([]byte, length)
			n, _ := f.ReadAt(text, int64(binary.LittleEndian.Uint64(p[8:])))
			return string(bytes.TrimRight(text[:n], "\x00"))
		}
	}
	return ""
}
