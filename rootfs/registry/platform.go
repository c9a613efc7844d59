package registry

import (
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Platform is what an image's programs are for.
type Platform struct {
	OS           string // "linux"
	Architecture string // as Go calls it: "amd64", "arm64"
	Variant      string // of the architecture: "v7"; "": any
}

// ParsePlatform reads OS/ARCHITECTURE[/VARIANT].
func ParsePlatform(s string) (Platform, error) {
	parts := strings.Split(s, "/")
	if len(parts) < 2 || len(parts) > 3 || strings.Contains("/"+s+"/", "//") {
		return Platform{}, &Error{Op: "read the platform", Object: s, Err: ErrPlatform, Hint: "write OS/ARCHITECTURE, as linux/amd64"}
	}
	parts = append(parts, "")
	return Platform{OS: parts[0], Architecture: parts[1], Variant: parts[2]}, nil
}

// String is what ParsePlatform reads.
func (p Platform) String() string {
	s := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	return s
}

// has says whether an image for other runs here. arm64 is at least v8, which many
// images do not say.
func (p Platform) has(other *v1.Platform) bool {
	if other == nil || p.OS != other.OS || p.Architecture != other.Architecture {
		return false
	}
	return p.Variant == "" || p.Variant == other.Variant || other.Variant == "" && p.Architecture == "arm64" && p.Variant == "v8"
}
