package main

import "testing"

// rising are looks at a memory that has grown by so many KiB at each.
func rising(step int64) (list []look) {
	for i := range 24 {
		list = append(list, look{rss: 8000 + step*int64(i), slab: 600000, percpu: 3000})
	}
	return list
}

func TestMemoryThatGrowsIsNotFlat(t *testing.T) {
	if err := flat(rising(boundRSS/8 + 1)); err == nil {
		t.Error("a third over the other by more than the bound is taken as flat")
	}
	if err := flat(rising(boundRSS / 8)); err != nil {
		t.Error(err)
	}
	if flat(rising(0)[:2]) == nil {
		t.Error("two looks tell nothing")
	}
}

func TestWhatOthersAddForAWhileIsNotGrowth(t *testing.T) {
	list := rising(0)
	for i := 20; i < 23; i++ {
		list[i].slab += 10 * boundSlab
	}
	if err := flat(list); err != nil {
		t.Error(err)
	}
}
