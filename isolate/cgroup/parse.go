package cgroup

import (
	"bytes"
	"strconv"
)

// number reads a file that is one number. "max" and the like are none.
func number(b []byte) (int64, bool) {
	v, err := strconv.ParseInt(string(bytes.TrimSpace(b)), 10, 64)
	return v, err == nil
}

// field reads one value of a file of "key value" lines. No iterator: it would
// move the caller's buffer to the heap.
func field(b []byte, key string) (int64, bool) {
	for len(b) > 0 {
		line, more, _ := bytes.Cut(b, []byte{'\n'})
		b = more
		if len(line) > len(key) && line[len(key)] == ' ' && string(line[:len(key)]) == key {
			return number(line[len(key):])
		}
	}
	return 0, false
}

// pairSum sums one "key=value" over all lines of io.stat, one line a device.
func pairSum(b []byte, key string) int64 {
	var sum int64
	for len(b) > 0 {
		i := bytes.IndexAny(b, " \n")
		if i < 0 {
			i = len(b) - 1
		}
		word, more := b[:i+1], b[i+1:]
		b = more
		k, v, ok := bytes.Cut(word, []byte{'='})
		if n, valid := number(v); ok && valid && string(k) == key {
			sum += n
		}
	}
	return sum
}

// opSum sums one operation over the devices of a blkio file, whose lines are
// "MAJ:MIN Read 123".
func opSum(b []byte, op string) int64 {
	var sum int64
	for len(b) > 0 {
		line, more, _ := bytes.Cut(b, []byte{'\n'})
		b = more
		_, rest, _ := bytes.Cut(line, []byte{' '})
		k, v, ok := bytes.Cut(rest, []byte{' '})
		if n, valid := number(v); ok && valid && string(k) == op {
			sum += n
		}
	}
	return sum
}
