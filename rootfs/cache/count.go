package cache

import (
	"context"
	"encoding/binary"
)

// A total is what all files are. It is kept in a file, so that a Put need not ask
// for the size of each. It is raised before a file is named, and lowered after one
// is removed: a process that is killed between makes it too high, never too low,
// and the next look at all files sets it right.
type total struct{ bytes, files int64 }

func (s *Store) total() (total, error) {
	var b [16]byte
	if _, err := s.count.ReadAt(b[:], 0); err != nil {
		return total{}, err
	}
	return total{int64(binary.LittleEndian.Uint64(b[:])), int64(binary.LittleEndian.Uint64(b[8:]))}, nil
}

func (s *Store) setTotal(t total) error {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], uint64(t.bytes))
	binary.LittleEndian.PutUint64(b[8:], uint64(t.files))
	_, err := s.count.WriteAt(b[:], 0)
	return err
}

// recount looks at all files, and evicts what is over the limits.
func (s *Store) recount(ctx context.Context) error {
	_, err := s.makeRoom(ctx, total{})
	return err
}

func (t total) fits(o Options) bool { return t.bytes <= int64(o.Bytes) && t.files <= int64(o.Files) }
