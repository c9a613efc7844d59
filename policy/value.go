package policy

import (
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/jailrun/jail/internal/size"
)

const unlimited = "unlimited"

// parseDuration reads "1.5s", "500ms", "1m30s" or "unlimited". A number without
// a unit is refused: to one reader it is seconds, to another milliseconds.
func parseDuration(s string) (time.Duration, error) {
	if s == unlimited {
		return Unlimited, nil
	}
	if s != "" && strings.Trim(s, "0.") == "" {
		return 0, fault(s, ErrZero, "write a time above 0 with its unit, as 2s, or leave it out for the default")
	}
	if s != "" && s[0] != '-' && strings.Trim(s, "+0123456789.") == "" {
		return 0, fault(s, ErrUnit, "write "+strings.TrimPrefix(s, "+")+"s (or ms, m, h)")
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return 0, fault(s, ErrValue, `write a time with its unit, as 2s, 1.5s or 500ms`)
	case d < 0:
		return 0, fault(s, ErrNegative, `write a time above 0, or "unlimited"`)
	case d == 0:
		return 0, fault(s, ErrZero, `write a time of at least 1ns, or leave it out for the default`)
	}
	return d, nil
}

// parseSize reads a size above 0 or "unlimited".
func parseSize(s string) (size.Bytes, error) {
	if s == unlimited {
		return Unlimited, nil
	}
	n, err := size.Parse(s)
	if err == nil && n == 0 {
		return 0, fault(s, ErrZero, "write a size above 0, or leave it out for the default")
	}
	return n, err
}

// parseCount reads a whole number above 0 or "unlimited".
func parseCount(s string) (int64, error) {
	if s == unlimited {
		return Unlimited, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err != nil || s[0] == '+':
		return 0, fault(s, ErrValue, `write a whole number as 128, or "unlimited"`)
	case n < 0:
		return 0, fault(s, ErrNegative, `write a number above 0, or "unlimited"`)
	case n == 0:
		return 0, fault(s, ErrZero, "write a number above 0, or leave it out for the default")
	}
	return n, nil
}

func parseCores(s string) (string, error) { return s, checkCores(s) }

// checkCores checks a list as in cpuset(7), FORMATS: "0-1,3", or a number of
// cores to lease. Empty: the caller's cores.
func checkCores(s string) error {
	if s == "" {
		return nil
	}
	for part := range strings.SplitSeq(s, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, ok := core(first)
		to, ok2 := core(last)
		if !ok || !ok2 || from > to {
			return fault(s, ErrValue, "write how many cores to lease, as 2, or CPU numbers and ranges to run on, as 0-1,3; CPU 2 alone is 2-2")
		}
	}
	return nil
}

// core parses the number of a CPU. The kernel is never built for more than
// 8192 (NR_CPUS).
func core(s string) (int, bool) {
	n, err := strconv.ParseUint(s, 10, 16)
	return int(n), err == nil && n < 8192 && s[0] != '+'
}

// checkHostname follows RFC 1123, section 2.1, within Linux's 64 bytes
// (sethostname(2)).
func checkHostname(s string) error {
	if s == "" {
		return nil
	}
	bad := len(s) > 64
	for label := range strings.SplitSeq(s, ".") {
		bad = bad || !isLabel(label)
	}
	if bad {
		return fault(s, ErrValue, "write labels of letters, digits and inner hyphens with dots between them, at most 64 bytes, as judge-1")
	}
	return nil
}

// checkGroup wants the names of a group and of those above it, "web/api": each a
// label, so that none can be taken for a file of the kernel's or lead elsewhere.
func checkGroup(s string) error {
	if s == "" {
		return nil
	}
	parts := strings.Split(s, "/")
	bad := len(parts) > mostNested
	for _, name := range parts {
		bad = bad || !isLabel(name)
	}
	if bad {
		return fault(s, ErrValue, "write a name of letters, digits and inner hyphens, at most 63 bytes, or up to "+strconv.Itoa(mostNested)+" with / between them, as web/api")
	}
	return nil
}

// mostNested bounds how deep groups of jails lie: each level costs every charge
// of memory.
const mostNested = 8

func isLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// checkEnv wants NAME=VALUE. VALUE isn't shown: it may be a secret.
func checkEnv(s string) error {
	name, _, ok := strings.Cut(s, "=")
	switch {
	case strings.IndexByte(s, 0) >= 0:
		return fault(name, ErrNUL, "the kernel ends a variable at it")
	case !ok && name != "":
		return fault(name, ErrValue, "write NAME=VALUE, or pass the caller's value by pass_env (--pass-env)")
	case name == "":
		return fault("", ErrValue, "write NAME=VALUE, as LANG=C.UTF-8")
	}
	return nil
}

// checkEnvName wants a name that an environment can hold.
func checkEnvName(s string) error {
	switch {
	case strings.IndexByte(s, 0) >= 0:
		return fault(s, ErrNUL, "the kernel ends a variable at it")
	case s == "" || strings.Contains(s, "="):
		return fault(s, ErrValue, "write a variable's name, as LANG")
	}
	return nil
}

// checkInside wants an absolute path of the jail's tree without "..".
func checkInside(s string) error {
	switch {
	case strings.IndexByte(s, 0) >= 0:
		return fault(s, ErrNUL, "no path can hold one")
	case hasDotDot(s): // first: a flag takes a relative path, for one below /box
		return fault(s, ErrValue, `write the path without ".."`)
	case !path.IsAbs(s):
		return fault(s, ErrValue, "write an absolute path, as /data")
	}
	return nil
}

func hasDotDot(s string) bool {
	for part := range strings.SplitSeq(s, "/") {
		if part == ".." {
			return true
		}
	}
	return false
}
