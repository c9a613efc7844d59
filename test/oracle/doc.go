// Package oracle holds what jail reads of a control group to what another
// library, containerd's, reads of the same group at the same time; and both to
// what is known of the program inside: the CPU time that its own clock shows, the
// memory that it has touched, the bytes that it has written. "make test-vm" does
// the same on cgroup v2.
package oracle
