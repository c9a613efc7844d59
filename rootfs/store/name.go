package store

import "strings"

// DefaultTag is that of a name without one.
const DefaultTag = "latest"

// Name is what an image is called: a repository and a tag.
type Name struct {
	Repository string // "alpine", "registry.example:5000/team/app"
	Tag        string // never ""
}

// The bounds of the distribution specification, and of a file's name: NAME_MAX of
// limits.h, with each slash escaped.
const (
	mostTag        = 128
	mostRepository = 255
	mostFileName   = 255
)

// ParseName reads NAME or NAME:TAG by the grammar of OCI references:
// [HOST[:PORT]/]PATH[:TAG]. The error is an *Error with ErrName.
func ParseName(s string) (Name, error) {
	n := Name{s, DefaultTag}
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, '/') {
		n = Name{s[:i], s[i+1:]}
	}
	why := n.fault()
	if why == "" {
		return n, nil
	}
	return Name{}, &Error{Op: "read", Object: s, Err: ErrName, Hint: why}
}

// String is the name with its tag.
func (n Name) String() string { return n.Repository + ":" + n.Tag }

// fault says what to write instead, "" if the name is well-formed.
func (n Name) fault() string {
	switch {
	case strings.Contains(n.Repository, "@"):
		return "a name has no digest: write NAME or NAME:TAG"
	case !isTag(n.Tag):
		return "a tag has up to 128 letters, digits, points, dashes and underscores, and begins with none of the middle two"
	case len(n.Repository) > mostRepository || len(n.file()) > mostFileName:
		return "shorten it to 200 bytes"
	}
	host, rest, more := strings.Cut(n.Repository, "/")
	if !more || !looksLikeHost(host) {
		rest = n.Repository
	} else if !isHost(host) {
		return "what stands before the first slash is no HOST or HOST:PORT"
	}
	for part := range strings.SplitSeq(rest, "/") {
		if !isPathPart(part) {
			return "write lower-case letters and digits, with single points, underscores and dashes between them, as team/app:1.2"
		}
	}
	return ""
}

// file is the name's file in the store: a slash is no part of one, and a per cent
// sign of no name.
func (n Name) file() string { return strings.ReplaceAll(n.String(), "/", "%2F") }

// nameOf reads what file gives; ok is false for a file that no name has.
func nameOf(file string) (n Name, ok bool) {
	n, err := ParseName(strings.ReplaceAll(file, "%2F", "/"))
	return n, err == nil && n.file() == file
}

// looksLikeHost tells a host from the first part of a path, as docker does.
func looksLikeHost(s string) bool {
	return s == "localhost" || strings.ContainsAny(s, ".:") || s != strings.ToLower(s)
}

func isHost(s string) bool {
	host, port, has := strings.Cut(s, ":")
	if has && (port == "" || !only(port, digits)) {
		return false
	}
	for part := range strings.SplitSeq(host, ".") {
		if part == "" || part[0] == '-' || part[len(part)-1] == '-' || !only(part, upper+lower+digits+"-") {
			return false
		}
	}
	return true
}

const (
	digits = "0123456789"
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

func isTag(s string) bool {
	return s != "" && len(s) <= mostTag && only(s, upper+lower+digits+"_.-") && !strings.ContainsAny(s[:1], ".-")
}

// isPathPart: words of lower-case letters and digits, with ".", "_", "__" or any
// number of dashes between them.
func isPathPart(s string) bool {
	for i, n := 0, 0; ; i += n {
		word := len(s[i:]) - len(strings.TrimLeft(s[i:], lower+digits))
		if word == 0 {
			return false
		}
		if i += word; i == len(s) {
			return true
		}
		n = len(s[i:]) - len(strings.TrimLeft(s[i:], "._-"))
		if between := s[i : i+n]; between != "." && between != "_" && between != "__" && !only(between, "-") || n == 0 {
			return false
		}
	}
}

func only(s, of string) bool { return strings.Trim(s, of) == "" }
