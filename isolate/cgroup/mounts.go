package cgroup

import (
	"bytes"
	"slices"
	"strings"
)

// mount is one cgroup mount of /proc/self/mountinfo.
type mount struct {
	root, point string
	v2          bool
	controllers []string // v1, from the super block's options
}

// parseMounts picks the cgroup mounts out of mountinfo (proc_pid_mountinfo(5)).
func parseMounts(b []byte) []mount {
	var all []mount
	for line := range bytes.Lines(b) {
		if !bytes.Contains(line, []byte(" - cgroup")) {
			continue // most lines: no work for them
		}
		front, back, _ := strings.Cut(string(line), " - ")
		f, s := strings.Fields(front), strings.Fields(back)
		if len(f) < 6 || len(s) < 3 || s[0] != "cgroup" && s[0] != "cgroup2" {
			continue
		}
		all = append(all, mount{
			root: unescape(f[3]), point: unescape(f[4]),
			v2: s[0] == "cgroup2", controllers: strings.Split(s[2], ","),
		})
	}
	return all
}

// placesByMounts maps a group's path to where it is mounted: a container's
// runtime may have bound a part of the hierarchy only.
func placesByMounts(m membership, mounts []mount) []string {
	var at []string
	for _, mt := range mounts {
		if mt.v2 != m.v2() || !mt.v2 && !slices.Contains(mt.controllers, m.controllers[0]) {
			continue
		}
		root := strings.TrimSuffix(mt.root, "/")
		rest, ok := strings.CutPrefix(strings.TrimSuffix(m.path, "/"), root)
		if ok && (rest == "" || rest[0] == '/') {
			at = append(at, mt.point+rest)
		}
	}
	return at
}

// unescape undoes the kernel's octal escapes of space, tab, newline, backslash.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && isOctal(s[i+1:i+4]) {
			b = append(b, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

func isOctal(s string) bool { return strings.Trim(s, "01234567") == "" }
