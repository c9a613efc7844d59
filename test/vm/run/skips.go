package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// excuse is a line of the file of known skips: in which guests a test may be
// skipped, and for what feature that the kernel or the user there lacks.
type excuse struct {
	kernels, cgroups, users []string // nil: all
	reason                  string
	used                    bool
}

// readExcuses reads lines "KERNELS CGROUPS USERS: REASON", each of the three a
// list with commas or * for all. A line that begins with # is a comment.
func readExcuses(path string) ([]*excuse, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the known reasons to skip: %w", err)
	}
	var all []*excuse
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		where, reason, ok := strings.Cut(line, ": ")
		f := strings.Fields(where)
		if !ok || len(f) != 3 || len(reason) < 10 {
			return nil, fmt.Errorf("%s: %q is not KERNELS CGROUPS USERS: REASON", path, line)
		}
		all = append(all, &excuse{kernels: list(f[0]), cgroups: list(f[1]), users: list(f[2]), reason: reason})
	}
	return all, nil
}

func list(s string) []string {
	if s == "*" {
		return nil
	}
	return strings.Split(s, ",")
}

func among(list []string, s string) bool { return list == nil || slices.Contains(list, s) }

// excused finds the line that explains a skip, and marks it as used.
func excused(all []*excuse, b *boot, uid int, s skipped) bool {
	found := false
	for _, e := range all {
		if among(e.kernels, b.tree.Series) && among(e.cgroups, string(b.cgroups)) && among(e.users, strconv.Itoa(uid)) && strings.Contains(s.said, e.reason) {
			e.used, found = true, true
		}
	}
	return found
}
