package result

// Cores are the CPUs that a program was given. Without a lease they become fewer
// while other jails have leased some, and more again.
type Cores struct {
	List     string `json:"list"`      // CPUs that it was started on, as "0-1,3"
	Lease    bool   `json:"lease"`     // they are whole cores that other jails were kept off (--cores N)
	WaitedNS int64  `json:"waited_ns"` // time that the launch waited for them, nanoseconds; it counts in no limit
	Shared   bool   `json:"shared"`    // with a lease: a jail could not be kept off; without one: it may have run on cores that others had leased
}
