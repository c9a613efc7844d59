package audit

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// snapshot is a log as it was at one moment: a writer only adds to what was there.
type snapshot struct {
	path  string
	files []opened // the oldest first; the last is FILE
	text  []byte   // of FILE.head; empty when there is none
}

// opened is a file, up to where it went then.
type opened struct {
	path string
	name string // without its folder
	file *os.File
	size int64
}

func (s *snapshot) close() {
	for i := range s.files {
		s.files[i].file.Close()
	}
}

// snap opens a log's files while nobody writes or rotates it.
func snap(ctx context.Context, path string, o *VerifyOptions) (*snapshot, error) {
	s := &snapshot{path: path}
	headFile, _, err := openFor(headOf(path), o.Follow)
	switch {
	case errors.Is(err, unix.ENOENT):
	case err != nil:
		return nil, err
	default:
		defer headFile.Close()
		if err := lock(ctx, headFile, unix.LOCK_SH); err != nil {
			return nil, err
		}
		defer unlock(headFile)
		if s.text, err = io.ReadAll(io.LimitReader(headFile, mostHead)); err != nil {
			return nil, failed("read", headOf(path), err)
		}
	}
	if o.Rotated {
		err = s.older(o.Follow)
	} else {
		err = nil
	}
	if err == nil {
		err = s.open(path, o.Follow)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *snapshot) open(path string, may safepath.Follow) error {
	f, size, err := openFor(path, may)
	if err != nil {
		return err
	}
	s.files = append(s.files, opened{path, filepath.Base(path), f, size})
	return nil
}

// older opens the files that FILE was before.
func (s *snapshot) older(may safepath.Follow) error {
	dir, base := filepath.Split(s.path)
	names, err := os.ReadDir(filepath.Clean(dir + "."))
	if err != nil {
		return failed("read", dir, err)
	}
	for _, n := range numbers(names, base) {
		if err := s.open(older(s.path, n), may); err != nil {
			return err
		}
	}
	return nil
}

// numbers lists the older files' numbers, the largest, of the oldest, first.
func numbers(names []fs.DirEntry, base string) (all []int) {
	for _, e := range names {
		digits, ok := strings.CutPrefix(e.Name(), base+".")
		n, err := strconv.Atoi(digits)
		if ok && err == nil && n > 0 && strconv.Itoa(n) == digits {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	slices.Reverse(all)
	return all
}
