package plan

// callOf finds a call's row, or nil.
func callOf(nr uint64) *call {
	lo, hi := 0, len(calls)
	for lo < hi {
		mid := (lo + hi) / 2
		if uint64(calls[mid].nr) < nr {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(calls) && uint64(calls[lo].nr) == nr {
		return &calls[lo]
	}
	return nil
}
