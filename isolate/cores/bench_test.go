package cores

import (
	"strconv"
	"testing"
)

// What a launch without a lease pays.
func BenchmarkJoin(b *testing.B) {
	own, err := Own()
	if err != nil {
		b.Fatal(err)
	}
	for i := range b.N {
		m, err := Join("bench"+strconv.Itoa(i), own)
		if err != nil {
			b.Fatal(err)
		}
		for range 2 {
			m.AnyLease()
		}
		m.Close()
	}
}

func BenchmarkAnyLease(b *testing.B) {
	m, err := Join("bench", Set{1})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	for b.Loop() {
		m.AnyLease()
	}
}
