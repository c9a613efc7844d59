// Package proctree lists what a process has started, for tests and benchmarks
// that wait for all of it or weigh it.
package proctree

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Below lists all descendants of a process (proc_pid_task(5): children), each
// before its own.
func Below(pid int) []int {
	var all []int
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // the pattern is well formed
	for _, list := range lists {
		b, _ := os.ReadFile(list) // a thread that has gone has no children
		for _, f := range strings.Fields(string(b)) {
			if child, err := strconv.Atoi(f); err == nil {
				all = append(append(all, child), Below(child)...)
			}
		}
	}
	return all
}
