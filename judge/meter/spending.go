package meter

// A resource is what a budget can be about.
type resource int

const (
	runs resource = iota
	cpu
	wall
	memory
	resources
)

// resourceNames are the keys of a budget.
var resourceNames = [resources]string{"runs", "cpu", "wall", "memory"}

// spending is an amount of each: a number, nanoseconds, nanoseconds, and bytes
// times nanoseconds.
type spending [resources]sum

func (s *spending) add(x *spending) {
	for i := range s {
		s[i].add(x[i])
	}
}

// append writes each number behind a space.
func (s *spending) append(b []byte) []byte {
	for _, n := range s {
		b = n.append(append(b, ' '))
	}
	return b
}

// readSpending reads what append wrote.
func readSpending(fields [][]byte) (s spending, ok bool) {
	ok = len(fields) == int(resources)
	for i := 0; ok && i < len(fields); i++ {
		s[i], ok = digits(fields[i], len(sum{}))
	}
	return s, ok
}

// spending is what a record counts for. Of an unfinished run no more is known
// than that it was one.
func (e *entry) spending() spending {
	return spending{runs: {1}, cpu: e.value[cpuNS], wall: e.value[wallNS], memory: e.value[memoryByteNS]}
}
