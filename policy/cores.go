package policy

import "strings"

// Lease is how many whole physical cores the limit asks for, none other of the
// host's jails being given them meanwhile: the lone number that Cores is. It is
// 0 where Cores lists CPUs to run on, which others may share, as "0", "1-1" or
// "0-1,3" do, and where it says nothing.
func (l *Limits) Lease() int {
	if strings.ContainsAny(l.Cores, ",-") {
		return 0
	}
	n, _ := core(l.Cores)
	return n
}
