package store

import (
	"testing"
)

// What a launch waits for: opening the store, and holding an image of five layers.
func BenchmarkUse(b *testing.B) {
	dir := b.TempDir() + "/store"
	s, err := Open(Options{Dir: dir, Create: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	add(b, s, "image", "a", "b", "c", "d", "e")
	for b.Loop() {
		s, err := Open(Options{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		i, err := s.Use("image")
		if err != nil {
			b.Fatal(err)
		}
		i.Close()
		s.Close()
	}
}
