// Package limits holds tests in which a program tries to use more than its
// group allows, for each limit of a group, on whichever version of cgroups the
// host has: cgroup v1 on the machine where they are written, v1 and v2 in the
// guests of make test-vm. Each is first shown to get more without the limit.
package limits
