package safepath

import (
	"testing"
)

func TestALinkStaysBeneathWhateverElseLiesThere(t *testing.T) {
	for _, tc := range []struct {
		path, target string
		stays        bool
	}{
		{"l", "a", true}, {"l", "a/b", true}, {"d/l", "../a", true}, {"d/e/l", "../../a", true}, {"d/l", "./../a", true}, {"l", ".", true},
		{"l", "/a", false}, {"l", "..", false}, {"d/l", "../..", false}, {"d/l", "../../a", false}, {"l", "", false},
		{"d/l", "a/../b", false}, {"d/l", "../a/../b", false}, // another link at a leads elsewhere
	} {
		if StaysBeneath(tc.path, tc.target) != tc.stays {
			t.Errorf("%s -> %s: stays is not %v", tc.path, tc.target, tc.stays)
		}
	}
}
