// Package cores lets jails share the physical cores of a host fairly: a lease
// gives a jail whole cores that no other jail runs on while it lasts.
//
// What is leased is written in the names of abstract sockets (unix(7)). A name has one holder, any user can bind one, and it is free as
// soon as its holder has closed it or died, however it died; so nothing can be
// left behind. Who waits for a name is connected to it: the kernel hangs up when
// the name is free. Jails see each other if they have a network namespace in
// common, as all of a host have but those started in containers of their own;
// programs in a jail have another one, and see none of it.
//
//	jail/core/N      the core whose first CPU is N is leased
//	jail/turn        somebody is taking a lease: one at a time, so that he who waits
//	                 for many cores is not overtaken for ever
//	jail/open/ID     a jail without a lease, which is told of new leases
//
// A launch without a lease asks one question of the kernel to learn that nothing
// is leased: lessees also hold a read lock on sysfs's root (fcntl(2), open
// file description locks), which can be tested without being taken.
//
// Any user of the host can hold names, as he can use all cores: a lease is a
// matter of order among jails, and no wall.
package cores

// Error is a failed operation, with the way to mend it.
type Error struct {
	Op     string // what was tried: "lease", "bind"
	Object string // on what: "3 cores", a name, a file
	Err    error  // why it failed; errors.Is and errors.As see it
	Hint   string // what to do about it; empty when there is nothing
}

// Error names operation, object, cause and mend.
func (e *Error) Error() string {
	s := e.Op + " " + e.Object + ": " + e.Err.Error()
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }
