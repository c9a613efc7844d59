package hostile

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/jailrun/jail/test/tarball"
)

// raw writes one header as it is told, where archive/tar would not.
func raw(name string, kind byte, target string) func(testing.TB) []byte {
	return func(testing.TB) []byte { return append(header(name, kind, target, 0), make([]byte, 2*block)...) }
}

// header is a header of ustar: tar(5).
func header(name string, kind byte, target string, size int64) []byte {
	h := make([]byte, block)
	copy(h, name)
	copy(h[100:], "0000644\x000000000\x000000000\x00")
	copy(h[124:], fmt.Sprintf("%011o\x00", size))
	copy(h[136:], "00000000000\x00")
	h[156] = kind
	copy(h[157:], target)
	copy(h[257:], "ustar\x0000")
	return summed(h)
}

func summed(h []byte) []byte {
	copy(h[148:], "        ")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return h
}

func padded(b []byte) []byte { return append(b, make([]byte, -len(b)&(block-1))...) }

func record(k, v string) string {
	n := len(k) + len(v) + 3
	for s := ""; ; n++ {
		if s = strconv.Itoa(n) + " " + k + "=" + v + "\n"; len(s) == n {
			return s
		}
	}
}

func global(k, v string) func(testing.TB) []byte {
	return func(testing.TB) []byte {
		r := record(k, v)
		return append(append(header("g", 'g', "", int64(len(r))), padded([]byte(r))...), raw("f", tar.TypeReg, "")(nil)...)
	}
}

// extended has PAX headers that follow one another.
func extended(n, size int) func(testing.TB) []byte {
	return func(testing.TB) (all []byte) {
		r := record("comment", strings.Repeat("x", size))
		for range n {
			all = append(append(all, header("x", 'x', "", int64(len(r)))...), padded([]byte(r))...)
		}
		return append(all, raw("f", tar.TypeReg, "")(nil)...)
	}
}

func longName(size int) func(testing.TB) []byte { return longNames(1, size) }

func longNames(n, size int) func(testing.TB) []byte {
	return func(testing.TB) (all []byte) {
		for range n {
			all = append(append(all, header("././@LongLink", 'L', "", int64(size))...), padded(bytes.Repeat([]byte("n"), size))...)
		}
		return append(all, raw("f", tar.TypeReg, "")(nil)...)
	}
}

// sparseOf has a file of GNU's old form that is one hole.
func sparseOf(size int64) func(testing.TB) []byte {
	return func(testing.TB) []byte {
		h := header("sparse", tar.TypeGNUSparse, "", 0)
		copy(h[257:], "ustar  \x00")
		big := func(at int, v int64) { // base 256: tar(5), "Numeric extensions"
			h[at] = 0x80
			for i := 11; i > 3; i-- {
				h[at+i], v = byte(v), v>>8
			}
		}
		big(386, size)
		big(386+12, 0)
		big(483, size)
		return append(summed(h), make([]byte, 2*block)...)
	}
}

func negative() func(testing.TB) []byte {
	return func(testing.TB) []byte {
		h := header("f", tar.TypeReg, "", 0)
		for i := 124; i < 136; i++ {
			h[i] = 0xff
		}
		return append(summed(h), make([]byte, 2*block)...)
	}
}

func cut(n int) func(testing.TB) []byte {
	return func(t testing.TB) []byte {
		b := tarball.Tar(t, tarball.New("a", tar.TypeReg, strings.Repeat("a", block)), tarball.New("b", tar.TypeReg, strings.Repeat("b", 5000)))
		return b[:(n+len(b))%len(b)]
	}
}
