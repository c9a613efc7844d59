package safepath

import (
	"strings"
)

// StaysBeneath says whether a link at path can't lead above the top of its tree,
// whatever else lies in it: it first goes up, through folders that are none but
// its own, and then only down. A ".." behind a name could go up from where
// another link has led.
func StaysBeneath(path, target string) bool {
	if target == "" || strings.HasPrefix(target, "/") {
		return false
	}
	left, down := strings.Count(path, "/"), false
	for name := range strings.SplitSeq(target, "/") {
		switch name {
		case "", ".":
		case "..":
			if left--; down || left < 0 {
				return false
			}
		default:
			down = true
		}
	}
	return true
}
